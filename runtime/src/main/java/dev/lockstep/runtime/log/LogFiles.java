package dev.lockstep.runtime.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The log files of one container: {@code ctr.log}, which conmon writes, and {@code ctr.log.1} and so on, each older
 * than the one before. They are rotated here and not by conmon, which throws the old file away.
 *
 * @param directory holds them and nothing else
 */
public record LogFiles(Path directory) {
    /** Bytes after which a new file is begun. With {@link #COUNT} this bounds what a container can fill: 100 MB. */
    public static final long LARGEST = 20_000_000;

    /** Files that are kept, the one that is written included. */
    public static final int COUNT = 5;

    private static final int TRIES = 1000;

    /** What makes conmon open its file again; false when no conmon listens. */
    @FunctionalInterface
    public interface Reopen {
        boolean reopen() throws IOException;
    }

    /** The file that is being written. */
    public Path current() {
        return directory.resolve("ctr.log");
    }

    private Path rotated(int number) {
        return directory.resolve("ctr.log." + number);
    }

    /** What there is, oldest first. */
    List<Path> oldestFirst() {
        var files = new ArrayList<Path>();
        for (var number = COUNT; number >= 1; number--) {
            if (Files.exists(rotated(number))) {
                files.add(rotated(number));
            }
        }
        if (Files.exists(current())) {
            files.add(current());
        }
        return files;
    }

    /**
     * Begins a new file when the present one is larger than {@code largest}; one process at a time. No line is lost:
     * until conmon has opened the new one it goes on in the old one, under its new name.
     */
    public boolean rotate(long largest, Reopen reopen) throws IOException {
        long size;
        try {
            size = Files.size(current());
        } catch (NoSuchFileException e) {
            // Somebody was interrupted between renaming and telling conmon.
            return Files.exists(rotated(1)) && reopened(reopen);
        }
        if (size <= largest) {
            return false;
        }
        Files.deleteIfExists(rotated(COUNT - 1));
        for (var number = COUNT - 2; number >= 1; number--) {
            if (Files.exists(rotated(number))) {
                Files.move(rotated(number), rotated(number + 1), StandardCopyOption.ATOMIC_MOVE);
            }
        }
        Files.move(current(), rotated(1), StandardCopyOption.ATOMIC_MOVE);
        return reopened(reopen);
    }

    /**
     * Waits until conmon has followed. It replaces whatever is at the file's name by a new file, so being told twice
     * would throw away what it wrote in between.
     */
    private boolean reopened(Reopen reopen) throws IOException {
        if (!reopen.reopen()) {
            return false;
        }
        for (var tries = 0; Files.notExists(current()); tries++) {
            if (tries == TRIES) {
                throw new IOException("conmon did not begin a new log file " + current() + " within 5 s");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
        return true;
    }
}
