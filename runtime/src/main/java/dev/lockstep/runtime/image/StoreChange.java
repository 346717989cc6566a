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
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The store held still, to take things out of it: while this is open no other process changes names, registers roots or
 * takes a lease. Names go first and content after them, so that a crash in between leaves content that nothing leads
 * to, which the next one finds. Open for moments only.
 */
public final class StoreChange implements AutoCloseable {
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

    private final ImageStore store;
    private final IndexFile index;
    private final Flock lock;
    private final List<String> leases;
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

    /** What pulls and imports in progress say that they are; while there are some, content is only added. */
    public List<String> leases() {
        return leases;
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
     * Removes content that neither an image that is left nor one of {@code needed} refers to; none while there are
     * leases.
     *
     * @param needed digests of indexes or manifests
     * @param dropped content that goes at once; what else nothing refers to is left alone for an hour
     */
    public ImageStore.Collected sweep(Collection<Digest> needed, Set<Digest> dropped) throws IOException {
        if (!leases.isEmpty()) {
            return new ImageStore.Collected(0, 0);
        }
        var kept = new HashSet<Digest>();
        for (var digest : needed) {
            kept.addAll(store.reachable(digest));
        }
        for (var entry : entries) {
            kept.addAll(store.reachable(entry.target().digest()));
        }
        var removed = 0;
        var bytes = 0L;
        for (var file : store.blobs().files()) {
            var name = file.getFileName().toString();
            var digest = HEX.matcher(name).matches() ? Optional.of(new Digest(name)) : Optional.<Digest>empty();
            if (digest.filter(kept::contains).isPresent()
                    || digest.filter(dropped::contains).isEmpty() && store.isYoung(file)) {
                continue;
            }
            bytes += size(file);
            removed++;
            AtomicFiles.delete(file);
        }
        return new ImageStore.Collected(removed, bytes);
    }

    private static long size(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    /** Diff ids of all layers that images that are left, or {@code needed}, have; as far as anybody knows. */
    public Set<Digest> layersInUse(Collection<Digest> needed) {
        var digests = new HashSet<>(needed);
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
