package dev.lockstep.runtime.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What files of containers said when they were last read. Records are replaced and never edited, so a file that is the
 * same says the same, and to look whether it is costs a twentieth of reading it. For one thread.
 */
final class LastRead<T> {
    /** What another file in its place has not: its number, its time and its size are hardly ever all the same. */
    private record Stamp(Object key, FileTime modified, long size) {
        static Optional<Stamp> of(Path file) throws IOException {
            try {
                var is = Files.readAttributes(file, BasicFileAttributes.class);
                return Optional.of(new Stamp(is.fileKey(), is.lastModifiedTime(), is.size()));
            } catch (NoSuchFileException e) {
                return Optional.empty();
            }
        }
    }

    private record Said<T>(Stamp stamp, T value) {}

    @FunctionalInterface
    interface Reader<T> {
        Optional<T> read(String id) throws IOException;
    }

    private final Reader<T> reader;
    private final Map<String, Said<T>> said = new HashMap<>();

    LastRead(Reader<T> reader) {
        this.reader = reader;
    }

    /**
     * What that container's file says; read where it is another one than last time.
     *
     * @param file that the reader reads
     */
    Optional<T> of(String id, Path file) throws IOException {
        var stamp = Stamp.of(file);
        var known = Optional.ofNullable(said.get(id))
                .filter(s -> stamp.filter(s.stamp()::equals).isPresent());
        if (known.isPresent()) {
            return known.map(Said::value);
        }
        // Stamped before it is read: what replaces it meanwhile is read next time.
        var value = reader.read(id);
        if (stamp.isPresent() && value.isPresent()) {
            said.put(id, new Said<>(stamp.get(), value.get()));
        } else {
            said.remove(id);
        }
        return value;
    }

    void forget(String id) {
        said.remove(id);
    }
}
