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
     * What a step wants.
     *
     * @param name of the directory, without its number: equal ones are one cache
     * @param sharing whether others may use it at the same time: {@code LOCKED} waits for them, {@code PRIVATE} takes
     *     another directory
     * @param access of a new one
     * @param content of a new one
     */
    record Wanted(String name, Mount.Sharing sharing, Mount.Access access, Content content) {
        /** For two mounts of one step, which have it together: others have it as little as either may bear. */
        static Wanted both(Wanted a, Wanted b) {
            return rank(b.sharing) > rank(a.sharing) ? b : a;
        }

        private static int rank(Mount.Sharing sharing) {
            return switch (sharing) {
                case SHARED -> 0;
                case PRIVATE -> 1;
                case LOCKED -> 2;
            };
        }
    }

    /** The one of an id. */
    static Wanted wanted(BuildRooms rooms, String id, Mount.Sharing sharing, Mount.Access access, Content content) {
        // As with BuildKit, one that is asked for with another owner or mode is another one.
        var whose = access.mode().orElse(MODE) + ":" + access.uid().orElse(0) + ":"
                + access.gid().orElse(0);
        var sharers = rooms.sharers().isEmpty() ? "" : rooms.sharers() + "\n";
        var name = BlobStore.digest((sharers + whose + " " + id).getBytes(StandardCharsets.UTF_8))
                .hex();
        return new Wanted(name, sharing, access, content);
    }

    /**
     * Opens it, and makes it where there is none. Who opens several does so in the order of their names, and each once:
     * two that waited for what the other has would wait for ever.
     *
     * @throws BuildCancelledException when the build was called off while others had it
     */
    static CacheDirectory open(BuildRooms rooms, Wanted wanted, Cancellation cancellation) throws IOException {
        var root = rooms.root();
        root.room(all(root));
        var first = wanted.name() + "-0";
        var file = lockFile(root, first);
        return switch (wanted.sharing()) {
            case SHARED -> made(rooms, first, cancellation.await(() -> Flock.tryShared(file)), wanted, cancellation);
            case LOCKED -> made(rooms, first, cancellation.await(() -> Flock.tryExclusive(file)), wanted, cancellation);
            case PRIVATE -> {
                for (var number = 0; ; number++) {
                    var name = wanted.name() + "-" + number;
                    var lock = Flock.tryExclusive(lockFile(root, name));
                    if (lock.isPresent()) {
                        yield made(rooms, name, lock.get(), wanted, cancellation);
                    }
                }
            }
        };
    }

    private static Path lockFile(Root root, String name) throws IOException {
        return root.lock("build-mount/" + name);
    }

    private static CacheDirectory made(
            BuildRooms rooms, String name, Flock lock, Wanted wanted, Cancellation cancellation) throws IOException {
        var path = all(rooms.root()).resolve(name);
        try {
            // Two that share a new one may come at once, and the other may have much to fill it with.
            var making = lockFile(rooms.root(), name + ".new");
            try (var _ = cancellation.await(() -> Flock.tryExclusive(making))) {
                if (Files.notExists(path)) {
                    make(path, wanted.access(), wanted.content());
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
