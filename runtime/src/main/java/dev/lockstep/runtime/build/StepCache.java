package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.InvalidImageException;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.UnaryOperator;

/**
 * What steps have made before. A record is one of the store's {@linkplain ImageStore#roots roots}, {@code build.KEY}:
 * it keeps an image of the one layer that the step made, so that no prune takes that away as long as the record is
 * there, and the record is written when all of it is durable. A step that fails or is killed leaves none.
 */
public final class StepCache {
    private static final String PREFIX = "build.";

    private final Root root;
    private final ImageStore images;
    private final InstantSource clock;
    private final UnaryOperator<Maker> makers;
    private final List<ImportedSteps> imported;
    private final Queue<DoneStep> done = new ConcurrentLinkedQueue<>();

    /**
     * The cache of this root.
     *
     * @param makers what makes a step's layer, instead of who asks for it
     * @param imported asked in this order for what is not here; what they give is here afterwards
     */
    StepCache(
            Root root,
            ImageStore images,
            InstantSource clock,
            UnaryOperator<Maker> makers,
            List<ImportedSteps> imported) {
        this.root = root;
        this.images = images;
        this.clock = clock;
        this.makers = makers;
        this.imported = List.copyOf(imported);
    }

    /** The steps that are known so far, and what they made: those that one could find here. */
    List<DoneStep> done() {
        return List.copyOf(done);
    }

    /** Does a step. */
    @FunctionalInterface
    interface Maker {
        /**
         * What it made.
         *
         * @param asked the key of the step
         */
        Made make(StepKey asked) throws IOException;
    }

    /**
     * What a step made.
     *
     * @param layer whose blob is in the store
     * @param key what it is the result of: another one than was asked for if the files that it copied changed since
     *     they were hashed. Empty if nobody knows; then nothing is recorded
     */
    record Made(Layer layer, Optional<StepKey> key) {}

    /**
     * The result of a step.
     *
     * @param cached whether somebody had done it before, or at the same time
     */
    record Outcome(StepResult result, boolean cached) {}

    /**
     * What the step made when it was done before; else does it. Of several that want one step at the same time, in
     * whatever process, one does it and the others wait. Platform threads only.
     *
     * @param anew do it in any case
     * @param cancellation ends the wait for another that does it
     */
    Outcome obtain(StepKey key, boolean anew, Cancellation cancellation, Maker maker) throws IOException {
        if (!anew) {
            var known = find(key);
            if (known.isPresent()) {
                return cached(key, known.get());
            }
        }
        var file = root.lock("build-step/" + key.hex());
        try (var _ = cancellation.await(() -> Flock.tryFleeting(file))) {
            if (!anew) {
                var meanwhile = find(key);
                if (meanwhile.isPresent()) {
                    return cached(key, meanwhile.get());
                }
                for (var other : imported) {
                    var found = other.find(key);
                    if (found.isPresent()) {
                        record(key, found.get());
                        return cached(key, found.get());
                    }
                }
            }
            var made = makers.apply(maker).make(key);
            var result = new StepResult(made.layer(), clock.instant());
            if (made.key().isPresent()) {
                record(made.key().get(), result);
                // As what it is, and not as what was asked for: others are to find no more than is found here.
                done.add(new DoneStep(made.key().get(), result));
            }
            return new Outcome(result, false);
        }
    }

    private Outcome cached(StepKey key, StepResult result) {
        done.add(new DoneStep(key, result));
        return new Outcome(result, true);
    }

    /** Removes lock files of killed processes. */
    void cleanUp() throws IOException {
        var locks = root.lock("build-step/x").resolveSibling("");
        try (var files = Files.list(locks)) {
            for (var file : files.toList()) {
                try (var lock = Flock.tryLasting(file).orElse(null)) {
                    if (lock != null) {
                        Files.deleteIfExists(file);
                    }
                }
            }
        }
    }

    private void record(StepKey key, StepResult result) throws IOException {
        var config = images.json().createObjectNode();
        config.put("architecture", images.platform().architecture());
        config.put("os", images.platform().os());
        config.put("created", result.created().toString());
        config.putObject("rootfs")
                .put("type", "layers")
                .putArray("diff_ids")
                .add(result.layer().diffId().toString());
        var manifest = new StoredDocuments(images).image(config, List.of(result.layer()), Map.of());
        images.roots().register(PREFIX + key.hex(), Set.of(manifest.digest()));
    }

    /** What the step made; empty too when that is not here whole any more. */
    private Optional<StepResult> find(StepKey key) throws IOException {
        var name = PREFIX + key.hex();
        for (var digest : recorded(name)) {
            var found = read(digest);
            if (found.isPresent() && renew(found.get().image())) {
                images.roots().touch(name, clock.instant());
                return Optional.of(found.get().result());
            }
        }
        return Optional.empty();
    }

    /** What a record keeps; of a damaged one nothing, for the step is done again and writes it anew. */
    private Set<Digest> recorded(String name) throws IOException {
        try {
            return images.roots().of(name);
        } catch (StateException e) {
            if (e.reason() == StateException.Reason.DAMAGED) {
                return Set.of();
            }
            throw e;
        }
    }

    /**
     * A record that was read.
     *
     * @param image of the one layer
     */
    private record Recorded(Image image, StepResult result) {}

    private Optional<Recorded> read(Digest digest) throws IOException {
        try {
            var image = images.find(digest);
            if (image.isEmpty() || image.get().layers().size() != 1) {
                return Optional.empty();
            }
            var created = images.json()
                    .readTree(images.blobs().read(image.get().id()))
                    .path("created")
                    .asText();
            var result = new StepResult(image.get().layers().getFirst(), Instant.parse(created));
            return Optional.of(new Recorded(image.get(), result));
        } catch (InvalidImageException | DateTimeParseException e) {
            return Optional.empty(); // Damaged: the step is done again.
        }
    }

    /** For the build's lease: what was found long after it came is as good as what comes now. */
    private boolean renew(Image recorded) throws IOException {
        var blobs = images.blobs();
        return blobs.renew(recorded.manifest())
                && blobs.renew(recorded.id())
                && blobs.renew(recorded.layers().getFirst().blob());
    }

    /**
     * A record.
     *
     * @param name of the root that keeps it
     * @param used when it was made, or a build last found it
     * @param bytes of its layer as it is stored
     */
    public record Entry(String name, Instant used, long bytes) {}

    /** All records, those first that were not used for the longest time. */
    public List<Entry> entries() throws IOException {
        var entries = new ArrayList<Entry>();
        for (var root : images.roots().all().entrySet()) {
            if (root.getKey().startsWith(PREFIX)) {
                var bytes = 0L;
                for (var digest : root.getValue()) {
                    bytes += read(digest)
                            .map(record -> record.result().layer().size())
                            .orElse(0L);
                }
                entries.add(new Entry(root.getKey(), images.roots().used(root.getKey()), bytes));
            }
        }
        entries.sort(Comparator.comparing(Entry::used).thenComparing(Entry::name));
        return List.copyOf(entries);
    }

    /**
     * Forgets records; what they kept goes with the next prune of images, unless an image has it. Those that were used
     * since a build began that is still at work are left alone, as it may be using them.
     *
     * @param unused those that nobody used for so long; zero: all others
     * @return what was forgotten
     */
    public List<Entry> forget(Duration unused) throws IOException {
        var limit = clock.instant().minus(unused);
        Optional<Instant> working;
        try (var store = images.change()) {
            working = store.protectedSince();
        }
        var forgotten = new ArrayList<Entry>();
        for (var entry : entries()) {
            var inUse = working.isPresent() && !entry.used().isBefore(working.get());
            if (!inUse && (unused.isZero() || entry.used().isBefore(limit))) {
                images.roots().remove(entry.name());
                forgotten.add(entry);
            }
        }
        return List.copyOf(forgotten);
    }
}
