package dev.lockstep.runtime.image;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;

/**
 * The store held still, to take things out of it: while this is open no other process changes names, registers roots or
 * takes a lease. Names go first and content after them, so that a crash in between leaves content that nothing leads
 * to, which the next one finds. Open for moments only.
 */
public final class StoreChange implements AutoCloseable {
    private final ImageStore store;
    private final IndexFile index;
    private final Flock lock;
    private final List<Protection> leases;
    private final List<IndexFile.Entry> entries;

    StoreChange(ImageStore store, IndexFile index, Leases leases, Flock lock) throws IOException {
        this.store = store;
        this.index = index;
        this.lock = lock;
        this.leases = leases.living();
        this.entries = new ArrayList<>(index.read());
    }

    /** What is here now, with what was taken out so far gone. */
    public ImageCatalog catalog() {
        return store.catalog(entries);
    }

    /** What pulls, imports and others in progress need; none can be added while this is open. */
    public List<Protection> leases() {
        return leases;
    }

    /** What came since then stays; empty when nobody asks for that. */
    public Optional<Instant> protectedSince() {
        return leases.stream().flatMap(lease -> lease.since().stream()).min(Comparator.naturalOrder());
    }

    /** What callers want kept. */
    public SortedMap<String, Set<Digest>> roots() throws IOException {
        return store.roots().all();
    }

    /** When the image came, or came again. */
    public Instant since(Digest digest) throws IOException {
        try {
            return Files.getLastModifiedTime(store.blobs().path(digest)).toInstant();
        } catch (NoSuchFileException e) {
            return Instant.EPOCH;
        }
    }

    /** Takes one name away; the image stays, if need be without a name. */
    public void untag(ImageReference name) {
        var removed =
                entries.stream().filter(e -> e.name().equals(Optional.of(name))).toList();
        entries.removeAll(removed);
        removed.forEach(entry -> ImageStore.keepUnnamed(entries, entry));
    }

    /** Takes an image out with all its names. */
    public void drop(Digest digest) {
        entries.removeIf(e -> e.target().digest().equals(digest));
    }

    /** Makes what was taken out durable. */
    public void write() throws IOException {
        index.write(entries);
    }

    /** Everything here that an index or manifest refers to, itself included. */
    public Set<Digest> content(Digest digest) throws IOException {
        return store.reachable(digest);
    }

    /**
     * The layers of an image by diff id, also of one that lacks some of their blobs.
     *
     * @return empty when its manifest or configuration is missing or damaged: nobody knows then
     */
    public Optional<List<Digest>> layers(Digest digest) {
        return store.diffIds(digest);
    }

    /**
     * Removes content that neither an image that is left, nor one of {@code needed}, nor a lease needs.
     *
     * @param needed digests of indexes or manifests
     * @param dropped content that goes at once; what else nothing refers to is left alone for an hour
     */
    public ImageStore.Collected sweep(Collection<Digest> needed, Set<Digest> dropped) throws IOException {
        var kept = kept(needed);
        var collected = new Collecting();
        for (var digest : store.blobs().digests()) {
            var file = store.blobs().path(digest);
            if (kept.contains(digest)) {
                continue;
            }
            if (dropped.contains(digest) || !store.isYoung(file)) {
                // Under the blob's lock: who holds a lease may be finding it here at this moment.
                store.blobs().ifIdle(digest, () -> {
                    if (isProtected(file)) {
                        collected.held += size(file);
                    } else {
                        collected.remove(file);
                    }
                });
            }
        }
        store.blobs().clearSpools();
        for (var file : store.blobs().unfinished()) {
            if (!store.isYoung(file) && !isProtected(file)) {
                store.blobs().ifIdle(file, () -> collected.remove(file));
            }
        }
        for (var file : store.blobs().setAside()) {
            if (store.isOlder(file, BlobStore.DAMAGED_KEPT)) {
                collected.remove(file);
            }
        }
        return new ImageStore.Collected(collected.files, collected.bytes, collected.held);
    }

    private Set<Digest> kept(Collection<Digest> needed) throws IOException {
        var images = new HashSet<>(needed);
        leases.forEach(lease -> images.addAll(lease.images()));
        entries.forEach(entry -> images.add(entry.target().digest()));
        var kept = new HashSet<Digest>();
        for (var digest : images) {
            kept.addAll(store.reachable(digest));
        }
        return kept;
    }

    private boolean isProtected(Path file) throws IOException {
        var since = protectedSince();
        try {
            return since.isPresent()
                    && !Files.getLastModifiedTime(file).toInstant().isBefore(since.get());
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static final class Collecting {
        private int files;
        private long bytes;
        private long held;

        void remove(Path file) throws IOException {
            bytes += size(file);
            files++;
            AtomicFiles.delete(file);
        }
    }

    private static long size(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    /** Diff ids of all layers that images that are left, {@code needed} or leases have; as far as anybody knows. */
    public Set<Digest> layersInUse(Collection<Digest> needed) {
        var digests = new HashSet<>(needed);
        leases.forEach(lease -> digests.addAll(lease.images()));
        entries.forEach(entry -> digests.add(entry.target().digest()));
        var layers = new TreeSet<Digest>((a, b) -> a.hex().compareTo(b.hex()));
        digests.forEach(digest -> layers(digest).ifPresent(layers::addAll));
        return Collections.unmodifiableSet(layers);
    }

    @Override
    public void close() {
        lock.close();
    }
}
