package dev.lockstep.runtime.prune;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.InvalidImageException;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Protection;
import dev.lockstep.runtime.image.StoreChange;
import dev.lockstep.runtime.image.StoredImage;
import dev.lockstep.runtime.linux.NoSpace;
import dev.lockstep.runtime.snapshot.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes and checks images, what they are made of, and what they were unpacked to. What a container has, what a pull
 * or an import in progress has received and what is registered as a root stays whatever is asked.
 */
public final class Housekeeping {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

    private final ImageStore images;
    private final Snapshots snapshots;
    private final ImageUsers users;
    private final InstantSource clock;
    private final PruneRecords records;

    public Housekeeping(
            ImageStore images, Snapshots snapshots, ImageUsers users, InstantSource clock, PruneRecords records) {
        this.images = images;
        this.snapshots = snapshots;
        this.users = users;
        this.clock = clock;
        this.records = records;
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
            // What runs counts more: it is in the way whatever is asked.
            return uses.stream()
                    .sorted(Comparator.comparing(ImageUse::running).reversed())
                    .filter(use -> use.image().equals(image.digest())
                            || image.whole()
                                    .filter(whole -> use.image().equals(whole.manifest()))
                                    .isPresent())
                    .findFirst();
        }
    }

    private Needs needs(StoreChange store) throws IOException {
        var roots = new ArrayList<ImageUse>();
        leased(store).forEach(roots::add);
        store.roots().forEach((name, digests) -> digests.forEach(digest -> roots.add(new ImageUse(name, digest))));
        return new Needs(users.list(), roots);
    }

    /** Says what {@link #prune} would do. */
    public PruneReport look(KeepRules rules) throws IOException {
        try (var store = images.change()) {
            var needs = needs(store);
            var decisions = PrunePlan.decide(candidates(store, needs), rules, disk(), clock.instant());
            var bytes = decisions.stream().mapToLong(PrunePlan.Decision::bytes).sum();
            return new PruneReport(decisions, 0, 0, bytes, unknown(store, needs));
        }
    }

    /** Removes what the rules do not keep, and writes down what went and why. */
    public PruneReport prune(KeepRules rules, PruneRecord.Trigger trigger) throws IOException {
        var report = prune(rules);
        for (var decision : report.removed()) {
            LOG.atInfo()
                    .addKeyValue("image", decision.image().called())
                    .addKeyValue("digest", decision.image().digest())
                    .addKeyValue("bytes", decision.bytes())
                    .addKeyValue("why", decision.why())
                    .log("removed image");
        }
        if (trigger == PruneRecord.Trigger.DISK && report.bytes() == 0) {
            return report; // A full disk of things that are needed would fill the record too.
        }
        try {
            records.append(PruneRecord.of(clock.instant(), trigger, report));
        } catch (IOException e) {
            // The disk may be full, and what was to be done is done.
            LOG.warn("housekeeping is not recorded error={}", e.toString());
        }
        return report;
    }

    private PruneReport prune(KeepRules rules) throws IOException {
        images.attachments().tidy();
        try (var store = images.change()) {
            var needs = needs(store);
            var decisions = PrunePlan.decide(candidates(store, needs), rules, disk(), clock.instant());
            var dropped = decisions.stream()
                    .filter(PrunePlan.Decision::removed)
                    .map(decision -> decision.image().digest())
                    .toList();
            var freed = remove(store, needs, dropped);
            return new PruneReport(decisions, freed.blobs(), freed.layers(), freed.bytes(), freed.held());
        }
    }

    /** Whether the disk is fuller than it may become. */
    public boolean isFull(KeepRules rules) throws IOException {
        var disk = disk();
        return rules.disk().filter(rule -> rule.isBroken(disk)).isPresent();
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
        var unknown = unknown(store, needs);
        var written = write(store, unknown.isPresent());
        if (unknown.isPresent()) {
            return new Freed(0, 0, 0, unknown);
        }
        var blobs = store.sweep(needs.digests(), content);
        // Layers of other images need to be old: a container may be in the making whose record we have not seen.
        var unpacked = snapshots.collect(store.layersInUse(needs.digests()), layers, store.protectedSince());
        if (!written) {
            store.write();
        }
        return new Freed(
                blobs.blobs(),
                unpacked.layers(),
                blobs.bytes() + unpacked.bytes(),
                held(store, blobs.held() + unpacked.held()));
    }

    /**
     * Writes which images are left.
     *
     * @param must whether nothing goes that would make room
     * @return false when the disk is too full even for that: then content goes first, and a crash before the second try
     *     leaves images that are not whole, which go the next time
     */
    private static boolean write(StoreChange store, boolean must) throws IOException {
        try {
            store.write();
            return true;
        } catch (IOException e) {
            if (must || !NoSpace.isWhy(e)) {
                throw e;
            }
            return false;
        }
    }

    /** Why content has to stay even if no image that we know needs it. */
    private static Optional<String> unknown(StoreChange store, Needs needs) {
        return Stream.concat(needs.containers().stream(), leased(store))
                .filter(use -> store.layers(use.image()).isEmpty())
                .findFirst()
                .map(use -> "the image of " + use.who()
                        + " is damaged, and what it is made of is not known; pull it again");
    }

    private static Stream<ImageUse> leased(StoreChange store) {
        return store.leases().stream()
                .flatMap(lease -> lease.images().stream().map(digest -> new ImageUse(lease.why(), digest)));
    }

    /** Who may need what stays although no image has it. */
    private static Optional<String> held(StoreChange store, long bytes) {
        return bytes == 0 ? Optional.empty() : Optional.of(bytes + " bytes came during the " + atWork(store));
    }

    private List<PrunePlan.Candidate> candidates(StoreChange store, Needs needs) throws IOException {
        var candidates = new ArrayList<PrunePlan.Candidate>();
        for (var image : store.catalog().images()) {
            var since = store.since(image.digest());
            candidates.add(new PrunePlan.Candidate(
                    image.digest(),
                    image.called(),
                    image.names(),
                    since,
                    Needs.of(image, needs.containers())
                            .or(() -> Needs.of(image, needs.roots()))
                            .map(ImageUse::who)
                            .or(() -> arriving(store, since)),
                    image.whole().map(whole -> whole.config().labels()).orElse(Map.of()),
                    content(store, image)));
        }
        return candidates;
    }

    /** Who is at work and may need what came, or came again, since then. */
    private static Optional<String> arriving(StoreChange store, Instant since) {
        return store.protectedSince().filter(begun -> !since.isBefore(begun)).map(_ -> atWork(store));
    }

    private static String atWork(StoreChange store) {
        return store.leases().stream()
                .filter(lease -> lease.since().isPresent())
                .map(Protection::why)
                .collect(Collectors.joining(" or "));
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
     * @param force remove all names of an image that was given by its id; and remove the names of an image that a
     *     container uses, whose content stays then. An image that is called by its id and runs is left alone even so
     */
    public ImageRemoval remove(String text, boolean force) throws IOException {
        images.attachments().tidy();
        try (var store = images.change()) {
            var match = store.catalog().find(text);
            if (match.isEmpty()) {
                return new ImageRemoval.NotHere();
            }
            var image = match.get().image();
            List<ImageReference> names = match.get().name().map(List::of).orElse(image.names());
            var isLast = names.size() == image.names().size();
            var needs = needs(store);
            var container = Needs.of(image, needs.containers());
            var refusal = RemovalConflict.of(match.get(), container, force);
            if (refusal.isPresent()) {
                return new ImageRemoval.Refused(refusal.get());
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

    /**
     * Hashes all content, then compares all unpacked layers with it. Bad content is set aside, so that the next pull
     * fetches it again; a bad layer is unpacked again, unless a container has it mounted.
     */
    public Health verify() throws IOException {
        var content = images.verify();
        var wanted = new LinkedHashMap<Digest, Layer>();
        var usersByLayer = new HashMap<Digest, Set<String>>();
        var held = new HashSet<Digest>();
        for (var use : users.list()) {
            for (var layer : layers(use.image())) {
                held.add(use.image());
                wanted.put(layer.diffId(), layer);
                usersByLayer
                        .computeIfAbsent(layer.diffId(), _ -> new TreeSet<>())
                        .add(use.who());
            }
        }
        for (var image : images.catalog().images()) {
            image.whole().ifPresent(whole -> {
                held.add(whole.digest());
                whole.layers().forEach(layer -> wanted.put(layer.diffId(), layer));
            });
        }
        wanted.keySet().removeIf(diffId -> !snapshots.has(diffId));
        var damaged = new ArrayList<Health.DamagedLayer>();
        var unchecked = new ArrayList<Health.Unchecked>();
        try (var _ = images.lease("verification of images", held)) {
            for (var layer : wanted.values()) {
                try {
                    snapshots
                            .verify(layer)
                            .ifPresent(found -> damaged.add(new Health.DamagedLayer(
                                    found.diffId(),
                                    found.difference(),
                                    found.repaired(),
                                    List.copyOf(usersByLayer.getOrDefault(found.diffId(), Set.of())))));
                } catch (IOException e) {
                    unchecked.add(new Health.Unchecked(layer.diffId(), String.valueOf(e.getMessage())));
                }
            }
        }
        return new Health(content, wanted.size(), damaged, unchecked);
    }

    private List<Layer> layers(Digest image) throws IOException {
        try {
            return images.find(image).map(Image::layers).orElse(List.of());
        } catch (InvalidImageException e) {
            return List.of(); // Found damaged already, by hashing.
        }
    }
}
