package dev.lockstep.runtime.build;

import dev.lockstep.runtime.dockerfile.Mount;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;

/**
 * A directory that outlives builds, for {@code RUN --mount=type=cache}: {@code build-mounts/ID-N} below the root, by
 * the digest of its id. Whoever uses it holds its lock, so that nobody removes it meanwhile.
 */
final class CacheDirectory implements AutoCloseable {
    private static final int MODE = 0755;
    private static final String CONTENT = "content";

    private final Path path;
    private final InstantSource clock;
    private final Flock lock;

    private CacheDirectory(Path path, InstantSource clock, Flock lock) {
        this.path = path;
        this.clock = clock;
        this.lock = lock;
    }

    static Path all(Root root) {
        return root.state().resolve("build-mounts");
    }

    /** What a new one begins with. */
    @FunctionalInterface
    interface Content {
        /** Makes a directory {@code content} in an empty one. */
        void make(Directory empty) throws IOException;

        /** Nothing. */
        Content NONE = empty -> empty.makeDirectory(RawPath.of(CONTENT), MODE);
    }

    /**
     * Opens it, and makes it where there is none.
     *
     * @param sharing whether others may use it at the same time: {@code LOCKED} waits for them, {@code PRIVATE} takes
     *     another directory
     * @param access of a new one
     * @param content of a new one
     */
    static CacheDirectory open(BuildRooms rooms, String id, Mount.Sharing sharing, Mount.Access access, Content content)
            throws IOException {
        var root = rooms.root();
        root.room(all(root));
        // As with BuildKit, one that is asked for with another owner or mode is another one.
        var whose = access.mode().orElse(MODE) + ":" + access.uid().orElse(0) + ":"
                + access.gid().orElse(0);
        var sharers = rooms.sharers().isEmpty() ? "" : rooms.sharers() + "\n";
        var name = BlobStore.digest((sharers + whose + " " + id).getBytes(StandardCharsets.UTF_8))
                .hex();
        return switch (sharing) {
            case SHARED -> made(rooms, name + "-0", Flock.shared(lockFile(root, name + "-0")), access, content);
            case LOCKED -> made(rooms, name + "-0", Flock.exclusive(lockFile(root, name + "-0")), access, content);
            case PRIVATE -> {
                for (var number = 0; ; number++) {
                    var lock = Flock.tryExclusive(lockFile(root, name + "-" + number));
                    if (lock.isPresent()) {
                        yield made(rooms, name + "-" + number, lock.get(), access, content);
                    }
                }
            }
        };
    }

    private static Path lockFile(Root root, String name) throws IOException {
        return root.lock("build-mount/" + name);
    }

    private static CacheDirectory made(BuildRooms rooms, String name, Flock lock, Mount.Access access, Content content)
            throws IOException {
        var path = all(rooms.root()).resolve(name);
        try {
            // Two that share a new one may come at once.
            try (var _ = Flock.exclusive(lockFile(rooms.root(), name + ".new"))) {
                if (Files.notExists(path)) {
                    make(path, access, content);
                }
            }
            return new CacheDirectory(path, rooms.clock(), lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** Beside it, and then renamed: one that is there is whole. */
    private static void make(Path path, Mount.Access access, Content content) throws IOException {
        var making = path.resolveSibling(path.getFileName() + ".new");
        try (var all = Directory.open(parent(path))) {
            all.removeTree(RawPath.of(making.getFileName().toString())); // a killed process's
        }
        Files.createDirectory(making);
        try (var empty = Directory.open(making)) {
            content.make(empty);
        }
        var made = making.resolve(CONTENT);
        StepMounts.Access.set(made, access, MODE);
        Files.move(made, path, StandardCopyOption.ATOMIC_MOVE);
        Files.delete(making);
    }

    private static Path parent(Path path) {
        return Objects.requireNonNull(path.getParent(), "below a root");
    }

    Path path() {
        return path;
    }

    /** Notes that somebody needed it. */
    void used() throws IOException {
        Files.setLastModifiedTime(path, FileTime.from(clock.instant()));
    }

    /** All that there are. */
    static List<Path> list(Root root) throws IOException {
        if (Files.notExists(all(root))) {
            return List.of();
        }
        try (var directories = Files.list(all(root))) {
            return directories.sorted().toList();
        }
    }

    /**
     * Removes one, unless somebody uses it or has used it since.
     *
     * @return whether it is gone
     */
    static boolean remove(Root root, Path directory, Instant since) throws IOException {
        var name = directory.getFileName().toString();
        try (var lock = Flock.tryExclusive(lockFile(root, name)).orElse(null)) {
            if (lock == null || Files.getLastModifiedTime(directory).toInstant().isAfter(since)) {
                return false;
            }
            try (var above = Directory.open(all(root))) {
                above.removeTree(RawPath.of(name));
            }
            return true;
        }
    }

    @Override
    public void close() {
        lock.close();
    }
}
