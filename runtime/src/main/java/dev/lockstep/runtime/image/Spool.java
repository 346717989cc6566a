package dev.lockstep.runtime.image;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Files for content whose digest is not known yet, in the store's directory for what is not finished. Beside them is a
 * file that is locked as long as somebody writes them, so that those of a killed process are known at once.
 */
final class Spool implements AutoCloseable {
    private static final String PREFIX = ".spooling.";

    private final Path directory;
    private final String name;
    private final Flock lock;
    private int files;

    private Spool(Path directory, String name, Flock lock) {
        this.directory = directory;
        this.name = name;
        this.lock = lock;
    }

    static Spool open(Path directory) throws IOException {
        var name = PREFIX + Long.toHexString(ThreadLocalRandom.current().nextLong());
        return new Spool(directory, name, Flock.lasting(lockFile(directory, name)));
    }

    private static Path lockFile(Path directory, String name) {
        return directory.resolve(name + AtomicFiles.TEMPORARY);
    }

    /** A file that is not there yet. Whoever makes it takes it away again, or publishes it. */
    Path file() {
        return directory.resolve(name + "." + files++ + AtomicFiles.TEMPORARY);
    }

    /** Whether a file is one of a spool, or its lock. */
    static boolean isOne(Path file) {
        return file.getFileName().toString().startsWith(PREFIX);
    }

    /** Removes those that nobody writes. */
    static void clear(Path directory) throws IOException {
        var names = new TreeSet<String>();
        for (var file : files(directory)) {
            var name = file.getFileName().toString();
            names.add(name.substring(0, name.indexOf('.', PREFIX.length())));
        }
        for (var name : names) {
            try (var lock = Flock.tryLasting(lockFile(directory, name)).orElse(null)) {
                if (lock != null) {
                    for (var file : files(directory)) {
                        if (file.getFileName().toString().startsWith(name + ".")) {
                            Files.deleteIfExists(file); // the lock's file too, which is ours
                        }
                    }
                }
            }
        }
    }

    private static List<Path> files(Path directory) throws IOException {
        try (var all = Files.list(directory)) {
            return all.filter(Spool::isOne).toList();
        }
    }

    @Override
    public void close() throws IOException {
        try (lock) {
            Files.deleteIfExists(lockFile(directory, name));
        }
    }
}
