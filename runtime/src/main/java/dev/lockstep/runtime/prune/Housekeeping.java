package dev.lockstep.runtime.prune;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.StoreChange;
import dev.lockstep.runtime.image.StoredImage;
import dev.lockstep.runtime.snapshot.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Removes images, what they are made of, and what they were unpacked to. What a container has, what a pull or an import
 * in progress has received and what is registered as a root stays whatever is asked.
 */
public final class Housekeeping {
    private final ImageStore images;
    private final Snapshots snapshots;
    private final ImageUsers users;
    private final InstantSource clock;

    public Housekeeping(ImageStore images, Snapshots snapshots, ImageUsers users, InstantSource clock) {
        this.images = images;
        this.snapshots = snapshots;
        this.users = users;
        this.clock = clock;
    }

    /** All needs at one moment, those of containers first. */
    private record Needs(List<ImageUse> containers, List<ImageUse> roots) {
        Set<Digest> digests() {
            var digests = new HashSet<Digest>();
            containers.forEach(use -> digests.add(use.image()));
            roots.forEach(use -> digests.add(use.image()));
            return digests;
        }

        /** Whoever needs the image by its own digest or by that of its manifest. */
        static Optional<ImageUse> of(StoredImage image, List<ImageUse> uses) {
            return uses.stream()
                    .filter(use -> use.image().equals(image.digest())
                            || image.whole()
                                    .filter(whole -> use.image().equals(whole.manifest()))
                                    .isPresent())
                    .findFirst();
        }
    }

    private Needs needs(StoreChange store) throws IOException {
        var roots = new ArrayList<ImageUse>();
        store.roots().forEach((name, digests) -> digests.forEach(digest -> roots.add(new ImageUse(name, digest))));
        return new Needs(users.list(), roots);
    }

    /**
     * Decides, and unless it is only looked at, removes.
     *
     * @param look whether nothing is done; the report says what would be
     */
    public PruneReport prune(KeepRules rules, boolean look) throws IOException {
        try (var store = images.change()) {
            var needs = needs(store);
            var decisions = PrunePlan.decide(candidates(store, needs), rules, disk(), clock.instant());
            if (look) {
                var bytes =
                        decisions.stream().mapToLong(PrunePlan.Decision::bytes).sum();
                return new PruneReport(decisions, 0, 0, bytes, held(store, needs));
            }
            var dropped = decisions.stream()
                    .filter(PrunePlan.Decision::removed)
                    .map(decision -> decision.image().digest())
                    .toList();
            var freed = remove(store, needs, dropped);
            return new PruneReport(decisions, freed.blobs(), freed.layers(), freed.bytes(), freed.held());
        }
    }

    private record Freed(int blobs, int layers, long bytes, Optional<String> held) {}

    private Freed remove(StoreChange store, Needs needs, Collection<Digest> dropped) throws IOException {
        var content = new HashSet<Digest>();
        var layers = new HashSet<Digest>();
        for (var digest : dropped) {
            content.addAll(store.content(digest));
            store.layers(digest).ifPresent(layers::addAll);
        }
        dropped.forEach(store::drop);
        store.write();
        var held = held(store, needs);
        if (held.isPresent()) {
            return new Freed(0, 0, 0, held);
        }
        var blobs = store.sweep(needs.digests(), content);
        // Layers of other images need to be old: a container may be in the making whose record we have not seen.
        var unpacked = snapshots.collect(store.layersInUse(needs.digests()), layers);
        return new Freed(blobs.blobs(), unpacked.layers(), blobs.bytes() + unpacked.bytes(), Optional.empty());
    }

    /** Why content has to stay even if no image that we know needs it. */
    private static Optional<String> held(StoreChange store, Needs needs) {
        if (!store.leases().isEmpty()) {
            return Optional.of("in progress: " + String.join(", ", store.leases()));
        }
        return needs.containers().stream()
                .filter(use -> store.layers(use.image()).isEmpty())
                .findFirst()
                .map(use -> "the image of " + use.who()
                        + " is damaged, and what it is made of is not known; pull it again");
    }

    private List<PrunePlan.Candidate> candidates(StoreChange store, Needs needs) throws IOException {
        var candidates = new ArrayList<PrunePlan.Candidate>();
        for (var image : store.catalog().images()) {
            candidates.add(new PrunePlan.Candidate(
                    image.digest(),
                    image.called(),
                    image.names(),
                    store.since(image.digest()),
                    Needs.of(image, needs.containers())
                            .or(() -> Needs.of(image, needs.roots()))
                            .map(ImageUse::who),
                    content(store, image)));
        }
        return candidates;
    }

    private Map<String, Long> content(StoreChange store, StoredImage image) throws IOException {
        var content = new HashMap<String, Long>();
        for (var digest : store.content(image.digest())) {
            if (images.blobs().has(digest)) {
                content.put(digest.toString(), images.blobs().size(digest));
            }
        }
        for (var layer : store.layers(image.digest()).orElse(List.of())) {
            var size = snapshots.size(layer);
            if (size.isPresent() && snapshots.has(layer)) {
                content.put("layer " + layer, size.getAsLong());
            }
        }
        return content;
    }

    private PrunePlan.Disk disk() throws IOException {
        var store = Files.getFileStore(images.blobs().directory());
        // As df counts: what is reserved for root is neither used nor there to be used.
        var used = store.getTotalSpace() - store.getUnallocatedSpace();
        return new PrunePlan.Disk(used + store.getUsableSpace(), used);
    }

    /**
     * Takes a name away, or an image with all its names; with the last name its content goes, unless somebody needs it.
     *
     * @param text a name, an id or the beginning of one
     * @param force remove all names of an image that was given by its id; and remove the name of an image that a
     *     container uses, whose content stays then
     */
    public ImageRemoval remove(String text, boolean force) throws IOException {
        try (var store = images.change()) {
            var match = store.catalog().find(text);
            if (match.isEmpty()) {
                return new ImageRemoval.NotHere();
            }
            var image = match.get().image();
            List<ImageReference> names = match.get().name().map(List::of).orElse(image.names());
            var isLast = names.size() == image.names().size();
            if (match.get().name().isEmpty() && names.size() > 1 && !force) {
                return new ImageRemoval.Refused("image " + image.id().abbreviated() + " has " + names.size()
                        + " names; remove them one by one, or all with --force");
            }
            var needs = needs(store);
            var container = Needs.of(image, needs.containers());
            if (isLast && container.isPresent() && !force) {
                return new ImageRemoval.Refused("image " + text + " is used by "
                        + container.get().who() + "; remove that first, or take only the name away with --force");
            }
            var root = container.or(() -> Needs.of(image, needs.roots()));
            if (!isLast || root.isPresent()) {
                names.forEach(store::untag);
                store.write();
                return new ImageRemoval.Removed(
                        image, names, false, isLast ? root.map(use -> use.who() + " needs it") : Optional.empty());
            }
            var freed = remove(store, needs, List.of(image.digest()));
            return new ImageRemoval.Removed(image, names, freed.held().isEmpty(), freed.held());
        }
    }

    /** What the images take, and how much of it would go with {@link KeepRules#NOTHING}. */
    public ImageUsage usage() throws IOException {
        try (var store = images.change()) {
            var needs = needs(store);
            var candidates = candidates(store, needs);
            var all = new LinkedHashMap<String, Long>();
            candidates.forEach(candidate -> all.putAll(candidate.content()));
            var decisions = PrunePlan.decide(candidates, KeepRules.NOTHING, disk(), clock.instant());
            return new ImageUsage(
                    candidates.size(),
                    (int) candidates.stream()
                            .filter(candidate -> candidate.needed().isPresent())
                            .count(),
                    all.values().stream().mapToLong(Long::longValue).sum(),
                    decisions.stream().mapToLong(PrunePlan.Decision::bytes).sum());
        }
    }
}
