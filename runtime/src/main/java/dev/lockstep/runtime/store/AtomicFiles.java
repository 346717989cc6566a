package dev.lockstep.runtime.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * Writes files whole: temporary file beside it, fsync, rename over it, fsync of the directory. After a crash the file
 * has its old content or its new one. What a crash leaves behind ends in {@value #TEMPORARY}.
 */
public final class AtomicFiles {
    /** Suffix of files that are not finished; safe to delete when no process of ours is writing. */
    public static final String TEMPORARY = ".tmp";

    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rw-------");

    private static final Set<StandardOpenOption> NEW = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

    /** As {@link #temporaryBeside} calls them. */
    private static final Pattern UNFINISHED = Pattern.compile("\\..+\\.[0-9a-f]{1,16}\\" + TEMPORARY);

    /** Nobody is at one file for so long. */
    private static final Duration WRITING = Duration.ofHours(1);

    /** Network file systems call large what they like to move at once. */
    private static final long LARGEST_BLOCK = 4096;

    private AtomicFiles() {}

    /** Replaces {@code file}, mode 0600; its directory must exist. */
    public static void write(Path file, byte[] content) throws IOException {
        write(file, content, PRIVATE);
    }

    /** Replaces {@code file} with the given mode; its directory must exist. */
    public static void write(Path file, byte[] content, Set<PosixFilePermission> mode) throws IOException {
        replace(file, content, mode, true);
        syncDirectory(parent(file));
    }

    /**
     * Replaces {@code file}, mode 0600, whole whatever happens; but what a power failure takes back may be the change:
     * then the file is the one before. For what others make good.
     */
    public static void writeWhole(Path file, byte[] content) throws IOException {
        // Synced all the same: of a file that is renamed before its content is on disk, file systems may keep the name
        // alone.
        replace(file, content, PRIVATE, true);
    }

    /** Replaces {@code file}, mode 0600, whole but not durable: for what means nothing after a reboot. */
    public static void writeVolatile(Path file, byte[] content) throws IOException {
        replace(file, content, PRIVATE, false);
    }

    private static void replace(Path file, byte[] content, Set<PosixFilePermission> mode, boolean synced)
            throws IOException {
        var temporary = temporaryBeside(file);
        var done = false;
        try {
            try (var channel = FileChannel.open(temporary, NEW, PosixFilePermissions.asFileAttribute(PRIVATE))) {
                var buffer = ByteBuffer.wrap(content);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                if (!mode.equals(PRIVATE)) {
                    // The attribute above is cut by the umask; this is not.
                    Files.setPosixFilePermissions(temporary, mode);
                }
                if (synced) {
                    channel.force(true);
                }
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            done = true;
        } catch (FileSystemException e) {
            throw e; // says where
        } catch (IOException e) {
            throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
        } finally {
            if (!done) {
                Files.deleteIfExists(temporary);
            }
        }
    }

    /**
     * Writes over a file that is there, within the room that it has on its disk already. Not atomic.
     *
     * @return false, and nothing is changed, where there is none or its room is too small
     */
    static boolean overwrite(Path file, byte[] content) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        var block = Math.min(Files.getFileStore(file).getBlockSize(), LARGEST_BLOCK);
        try (var channel = FileChannel.open(file, Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS))) {
            var before = channel.size();
            if (content.length > (before + block - 1) / block * block) {
                return false;
            }
            // Blanks up to the old end: killed before that is cut off, it is whole all the same.
            var padded = Arrays.copyOf(content, Math.toIntExact(Math.max(content.length, before)));
            Arrays.fill(padded, content.length, padded.length, (byte) ' ');
            var buffer = ByteBuffer.wrap(padded);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.truncate(content.length);
            channel.force(true);
            return true;
        }
    }

    /** A name beside {@code file} that nobody uses yet. */
    public static Path temporaryBeside(Path file) {
        return file.resolveSibling("." + file.getFileName() + "."
                + Long.toHexString(ThreadLocalRandom.current().nextLong()) + TEMPORARY);
    }

    /**
     * Removes what killed processes had begun to write in that directory. Safe at any time: of what is young somebody
     * may be at it, and it is left alone.
     */
    public static void removeUnfinished(Path directory, Instant now) throws IOException {
        try (var found = Files.newDirectoryStream(directory, ".*" + TEMPORARY)) {
            for (var file : found) {
                if (UNFINISHED.matcher(file.getFileName().toString()).matches()
                        && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                        && isOlder(file, now.minus(WRITING))) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (NoSuchFileException e) {
            // Nothing was ever written there.
        }
    }

    private static boolean isOlder(Path file, Instant time) throws IOException {
        try {
            return Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
                    .toInstant()
                    .isBefore(time);
        } catch (NoSuchFileException e) {
            return false; // it has its name by now
        }
    }

    /** Renames a finished, synced file or directory to its place and syncs the directory. */
    public static void publish(Path temporary, Path file) throws IOException {
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        syncDirectory(parent(file));
    }

    /** Deletes a file durably; no error when there is none. */
    public static void delete(Path file) throws IOException {
        try {
            Files.delete(file);
            syncDirectory(parent(file));
        } catch (NoSuchFileException e) {
            // Somebody was faster; the outcome is the wanted one.
        }
    }

    private static Path parent(Path file) {
        return Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file has a directory");
    }

    /** Makes renames and deletions in {@code directory} durable. */
    public static void syncDirectory(Path directory) throws IOException {
        sync(directory);
    }

    /** Makes the content of {@code file} durable. */
    public static void syncFile(Path file) throws IOException {
        sync(file);
    }

    private static void sync(Path path) throws IOException {
        // fsync(2) asks for no descriptor that can be written to.
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
