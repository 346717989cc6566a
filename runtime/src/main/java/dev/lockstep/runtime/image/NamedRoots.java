package dev.lockstep.runtime.image;

import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Images that a caller wants kept although no container is made of them yet, or any more: {@code images/roots/NAME}.
 * The digests need not be here.
 */
public final class NamedRoots {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,199}");

    /** @param digests sorted, so that the file is the same for the same set */
    private record Content(List<Digest> digests) {}

    private final Root root;
    private final Path directory;
    private final StateFile<Content> files;

    NamedRoots(Root root, Path images) throws IOException {
        this.root = root;
        this.directory = images.resolve("roots");
        this.files = root.stateFile(Content.class, 1);
        root.room(directory);
    }

    /**
     * Keeps these, instead of what that name kept before.
     *
     * @param name lower-case letters, digits, {@code .}, {@code _} and {@code -}
     * @param digests of indexes or manifests
     */
    public void register(String name, Set<Digest> digests) throws IOException {
        var file = file(name);
        var sorted = digests.stream().sorted(Comparator.comparing(Digest::hex)).toList();
        try (var _ = ImageStore.lock(root)) {
            files.write(file, new Content(sorted));
        }
    }

    /** Keeps nothing by that name any more; no error when there was nothing. */
    public void remove(String name) throws IOException {
        var file = file(name);
        try (var _ = ImageStore.lock(root)) {
            AtomicFiles.delete(file);
        }
    }

    /** Notes that somebody has used what that name keeps; nothing when there is no such name any more. */
    public void touch(String name, Instant when) throws IOException {
        try {
            Files.setLastModifiedTime(file(name), FileTime.from(when));
        } catch (NoSuchFileException e) {
            // Somebody has just removed it.
        }
    }

    /** When that name was registered, or last {@linkplain #touch used}; the epoch when there is none of that name. */
    public Instant used(String name) throws IOException {
        try {
            return Files.getLastModifiedTime(file(name)).toInstant();
        } catch (NoSuchFileException e) {
            return Instant.EPOCH;
        }
    }

    private Path file(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("\"" + name + "\" is no name for what an image store keeps");
        }
        return directory.resolve(name);
    }

    /**
     * All, by name.
     *
     * @throws dev.lockstep.runtime.store.StateException when one cannot be read: who counts on it would lose what it
     *     keeps
     */
    public SortedMap<String, Set<Digest>> all() throws IOException {
        var all = new TreeMap<String, Set<Digest>>();
        try (var list = Files.list(directory)) {
            for (var file : (Iterable<Path>) list::iterator) {
                var name = file.getFileName().toString();
                if (NAME.matcher(name).matches()) {
                    all.put(name, read(file));
                }
            }
        } catch (NoSuchFileException e) {
            // Only looked at, and nothing was ever kept.
        }
        return Collections.unmodifiableSortedMap(all);
    }

    /** What one name keeps; nothing when there is none of that name. */
    public Set<Digest> of(String name) throws IOException {
        return read(file(name));
    }

    private Set<Digest> read(Path file) throws IOException {
        return files.read(file).map(content -> Set.copyOf(content.digests())).orElse(Set.of());
    }
}
