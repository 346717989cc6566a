package dev.lockstep.runtime.volume;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Who uses the volumes of a root just now. What is a mount is mounted while somebody does: each has a mark, an empty
 * file {@code volume-users/VOLUME/USER} of the run directory, so that it is known after a crash and gone after a
 * reboot. Users are containers, by their ids, and visitors: commands that look at files, whose marks end with their
 * processes.
 */
final class VolumeUsers {
    /** How marks of visitors begin. */
    private static final String VISITOR = "visit-";

    /**
     * How long what is mounted may be silent. Whoever waits holds the mount's lock, and with it up those who stop the
     * volume's containers.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Root root;
    private final Volumes volumes;

    VolumeUsers(Root root, Volumes volumes) {
        this.root = root;
        this.volumes = volumes;
    }

    /** Mounts what the volume is, unless it is mounted already, or is no mount any more. */
    void mount(String name, String user) throws IOException {
        try (var _ = mountLock(name)) {
            var found = volumes.find(name);
            var mount = found.flatMap(volume -> volume.spec().mount());
            if (mount.isEmpty()) {
                return; // it has just been removed
            }
            var marks = Root.directory(place().resolve(name));
            var mark = marks.resolve(user);
            // First, so that whoever is killed now leaves what release finds.
            if (Files.notExists(mark)) {
                Files.createFile(mark);
            }
            var mounted = false;
            try {
                if (!isMounted(name, mount.get())) {
                    var byHand = found.flatMap(volume -> volume.spec().owner().repository())
                            .isEmpty();
                    mount.get().mountAt(name, volumes.path(name), byHand);
                }
                mounted = true;
            } finally {
                if (!mounted) {
                    Files.deleteIfExists(mark);
                }
            }
        }
    }

    /** What that user mounted is unmounted, unless others use it still. No error when it has nothing. */
    void release(String user) throws IOException {
        if (Files.notExists(place())) {
            return;
        }
        try (var all = Files.newDirectoryStream(place())) {
            for (var volume : all) {
                var mark = volume.resolve(user);
                if (Files.exists(mark)) {
                    release(volume, mark);
                }
            }
        }
    }

    private void release(Path marks, Path mark) throws IOException {
        var name = marks.getFileName().toString();
        try (var _ = mountLock(name)) {
            forgetVisitors(marks);
            try (var all = Files.list(marks)) {
                if (all.allMatch(mark::equals)) {
                    unmount(name);
                }
            }
            Files.deleteIfExists(mark);
        }
    }

    private boolean isMounted(String name, LocalMount mount) throws IOException {
        try {
            return Mounts.isMountPoint(volumes.path(name), PATIENCE);
        } catch (LinuxException e) {
            throw new IOException(
                    "volume " + name + " is mounted (" + mount.shown() + "), and what is there is dead: "
                            + e.getMessage() + "; stop the containers that use it, and it is mounted anew with the"
                            + " next one",
                    e);
        }
    }

    void unmount(String name) throws IOException {
        Mounts.unmountAll(volumes.path(name));
    }

    /** The innermost one: nobody who holds it waits for another. Its file goes with it. */
    Flock mountLock(String name) throws IOException {
        return Flock.fleeting(mountFile(name));
    }

    Optional<Flock> tryMountLock(String name) throws IOException {
        return Flock.tryFleeting(mountFile(name));
    }

    private Path mountFile(String name) throws IOException {
        return root.lock("volume-mount/" + name);
    }

    /** A directory for each volume that is mounted, in it a file for each who uses it. */
    private Path place() {
        return root.run().resolve("volume-users");
    }

    /** As {@link Volumes#visit} says. */
    Volumes.Visit visit(String name) throws IOException {
        var mount = volumes.find(name).flatMap(volume -> volume.spec().mount());
        if (mount.isEmpty()) {
            return Flock.lastingShared(readers(name))::close;
        }
        if (mount.get().isFleeting() && !isMounted(name, mount.get())) {
            throw new IOException("volume " + name + " is memory that no container uses now ("
                    + mount.get().shown() + "): there is nothing in it");
        }
        var visitor =
                VISITOR + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        var alive = Flock.fleeting(visitorLock(visitor));
        try {
            mount(name, visitor);
        } catch (IOException | RuntimeException e) {
            alive.close();
            throw e;
        }
        return () -> {
            try (alive) {
                release(place().resolve(name), place().resolve(name).resolve(visitor));
            }
        };
    }

    /** Who reads has it beside others, who deletes alone and takes the file away. */
    Path readers(String name) throws IOException {
        return root.lock("volume-readers/" + name);
    }

    private Path visitorLock(String visitor) throws IOException {
        return root.lock("volume-visit/" + visitor);
    }

    /** Takes away the marks of visitors whose process has ended; the mount's lock is held. */
    private void forgetVisitors(Path marks) throws IOException {
        try (var visitors = Files.newDirectoryStream(marks, VISITOR + "*")) {
            for (var mark : visitors) {
                var lock = visitorLock(mark.getFileName().toString());
                var free = Flock.tryLasting(lock);
                if (free.isPresent()) {
                    Files.deleteIfExists(mark);
                    Files.deleteIfExists(lock);
                    free.get().close();
                }
            }
        }
    }

    /** Unmounts what nobody but killed visitors had mounted. The mount's lock is held. */
    void releaseVisitors(String name) throws IOException {
        var marks = place().resolve(name);
        if (Volumes.names(marks).isEmpty()) {
            return;
        }
        forgetVisitors(marks);
        if (Volumes.names(marks).isEmpty()) {
            unmount(name);
        }
    }

    /** Of a volume that is none any more. */
    void forget(String name) throws IOException {
        Volumes.deleteTree(place().resolve(name));
    }

    /** The names of those that are mounted, or were. */
    List<String> volumes() throws IOException {
        return Files.notExists(place())
                ? List.of()
                : Volumes.names(place()).stream()
                        .map(marks -> marks.getFileName().toString())
                        .toList();
    }
}
