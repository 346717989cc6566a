package dev.lockstep.runtime.image;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Hashes what a store has, several blobs at a time. */
final class StoreVerification {
    private static final int AT_ONCE = 2;
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

    private final ImageStore store;

    StoreVerification(ImageStore store) {
        this.store = store;
    }

    Verification verify() throws IOException {
        var digests = store.blobs().digests();
        var bytes = new AtomicLong();
        var damaged = new ConcurrentLinkedQueue<Verification.Damaged>();
        var unreadable = new ConcurrentLinkedQueue<Verification.Unreadable>();
        ParallelLayers.forEach(digests, AT_ONCE, digest -> {
            try {
                bytes.addAndGet(store.blobs().size(digest));
            } catch (NoSuchFileException e) {
                return; // Removed since it was listed.
            }
            try {
                store.blobs().check(digest).ifPresent(damaged::add);
            } catch (IOException e) {
                unreadable.add(new Verification.Unreadable(digest, String.valueOf(e.getMessage())));
            }
        });
        return new Verification(
                digests.size(),
                bytes.get(),
                sorted(damaged, Verification.Damaged::digest),
                sorted(unreadable, Verification.Unreadable::digest),
                incomplete());
    }

    private static <T> List<T> sorted(Collection<T> found, Function<T, Digest> digest) {
        return found.stream()
                .sorted(Comparator.comparing(digest.andThen(Digest::hex)))
                .toList();
    }

    private List<Verification.Incomplete> incomplete() throws IOException {
        var incomplete = new ArrayList<Verification.Incomplete>();
        for (var image : store.catalog().images()) {
            var missing = missing(image.digest());
            if (!missing.isEmpty()) {
                incomplete.add(new Verification.Incomplete(image, missing));
            }
        }
        return incomplete;
    }

    /** What of the image is missing here for this platform; empty when nothing is. */
    private List<Digest> missing(Digest digest) throws IOException {
        try {
            var manifest = store.manifest(digest);
            if (manifest.isEmpty()) {
                return List.of();
            }
            var parts = new LinkedHashSet<Digest>();
            parts.add(manifest.get().config().digest());
            manifest.get().layers().forEach(layer -> parts.add(layer.digest()));
            parts.removeIf(store.blobs()::has);
            return List.copyOf(parts);
        } catch (NoSuchFileException e) {
            return List.of(named(e).orElse(digest));
        }
    }

    private static Optional<Digest> named(NoSuchFileException e) {
        return Optional.ofNullable(e.getFile())
                .map(file -> file.substring(file.lastIndexOf('/') + 1))
                .filter(name -> HEX.matcher(name).matches())
                .map(Digest::new);
    }
}
