package dev.lockstep.runtime.log;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The log files of one container: {@code ctr.log}, which conmon writes, and {@code ctr.log.1} and so on, each older
 * than the one before. They are rotated here and not by conmon, which throws the old file away.
 *
 * <p>Rotating is: a place for the new file is made; each old file moves up by one; {@code ctr.log} becomes
 * {@code ctr.log.1}, where conmon goes on writing; conmon is told to open its file again. Killed anywhere in between,
 * the next rotation goes on from what it finds.
 *
 * @param directory holds them and nothing else
 */
public record LogFiles(Path directory) {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** What makes conmon open its file again; false when no conmon listens. */
    @FunctionalInterface
    public interface Reopen {
        boolean reopen() throws IOException;
    }

    /** What became of a rotation. */
    public enum Rotated {
        /** There is a new file. */
        YES,
        /** The file is not that large yet, or nobody writes it. */
        NOT_NEEDED,
        /** Somebody was interrupted in the middle; conmon may still be about to follow. Ask again in some seconds. */
        UNDER_WAY
    }

    /** The file that is being written. */
    public Path current() {
        return numbered(0);
    }

    /** Zero is the one that is being written. */
    Path numbered(int number) {
        return directory.resolve(number == 0 ? "ctr.log" : "ctr.log." + number);
    }

    /** Where conmon writes until it renames it to {@link #current}. */
    private Path next() {
        return directory.resolve("ctr.log.tmp");
    }

    /** How large the file is that is being written; zero when there is none. */
    public long size() throws IOException {
        try {
            return Files.size(current());
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    /**
     * Begins a new file when the present one is as large as that; one process at a time. No line is lost but those of
     * files beyond the limit: until conmon has opened the new file it goes on in the old one, under its new name, so
     * that one stays until then whatever the limit is.
     */
    public Rotated rotate(LogLimits limits, Reopen reopen) throws IOException {
        return rotate(limits, reopen, PATIENCE);
    }

    /** @param patience how long conmon may take to follow */
    Rotated rotate(LogLimits limits, Reopen reopen, Duration patience) throws IOException {
        if (Files.notExists(current())) {
            return goOn(limits, reopen, patience);
        }
        if (size() < limits.fileSize()) {
            return Rotated.NOT_NEEDED;
        }
        var old = rotated();
        // One more is about to be.
        for (var number : old.reversed()) {
            if (number >= limits.files() && number > 1) {
                Files.deleteIfExists(numbered(number));
            }
        }
        makeRoom();
        moveUp(limits.files() - 1);
        Files.move(current(), numbered(1), StandardCopyOption.ATOMIC_MOVE);
        return reopened(limits, reopen, patience);
    }

    /** Up to the first number that is free, so that what was interrupted costs no file; {@code last} is given up. */
    private void moveUp(int last) throws IOException {
        var free = 1;
        while (free < last && Files.exists(numbered(free))) {
            free++;
        }
        for (var number = free - 1; number >= 1; number--) {
            Files.move(numbered(number), numbered(number + 1), StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /** Numbers of the rotated files that there are, ascending. */
    private List<Integer> rotated() throws IOException {
        var numbers = new ArrayList<Integer>();
        try (var all = Files.newDirectoryStream(directory, "ctr.log.[1-9]*")) {
            for (var file : all) {
                var number = file.getFileName().toString().substring("ctr.log.".length());
                if (number.matches("[1-9][0-9]{0,6}")) {
                    numbers.add(Integer.valueOf(number));
                }
            }
        }
        return numbers.stream().sorted().toList();
    }

    /**
     * Makes the file that conmon is about to open. It ends, and its container is on its own, when it cannot: so where
     * the disk has no room for even that, the oldest file goes, and where that does not help, nothing is done.
     */
    private void makeRoom() throws IOException {
        try {
            makeNext();
        } catch (IOException full) {
            var old = rotated();
            if (old.isEmpty()) {
                throw full;
            }
            Files.delete(numbered(old.getLast()));
            makeNext();
        }
    }

    private void makeNext() throws IOException {
        try {
            Files.createFile(
                    next(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----")));
        } catch (FileAlreadyExistsException e) {
            // Of somebody who was interrupted; conmon empties it.
        }
    }

    /**
     * Somebody renamed the file and was interrupted, before or after he told conmon. It replaces whatever is at the
     * file's name by a new file, so being told twice would throw away what it wrote in between: it is told again only
     * when it has had time. Where nothing was renamed somebody has deleted the file, and conmon goes on in one that
     * nobody can read and that only ends with the disk.
     */
    private Rotated goOn(LogLimits limits, Reopen reopen, Duration patience) throws IOException {
        try {
            var since = (FileTime) Files.getAttribute(numbered(1), "unix:ctime");
            if (since.toInstant().plus(patience).isAfter(java.time.Instant.now())) {
                return Rotated.UNDER_WAY;
            }
        } catch (NoSuchFileException e) {
            // Deleted: there is nothing to wait for.
        }
        makeRoom();
        return reopened(limits, reopen, patience);
    }

    private Rotated reopened(LogLimits limits, Reopen reopen, Duration patience) throws IOException {
        if (!reopen.reopen()) {
            return Rotated.NOT_NEEDED;
        }
        var deadline = System.nanoTime() + patience.toNanos();
        while (Files.notExists(current())) {
            if (System.nanoTime() > deadline) {
                return Rotated.UNDER_WAY; // it writes to a slow disk what it has
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        if (limits.files() == 1) {
            Files.deleteIfExists(numbered(1));
        }
        return Rotated.YES;
    }
}
