package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One process and no other: pids are used again, a pid with its start time is not (within one boot).
 *
 * @param pid as this process sees it
 * @param startTicks clock ticks after boot, field 22 of {@code /proc/PID/stat} (proc_pid_stat(5))
 */
public record ProcessIdentity(int pid, long startTicks) {
    /** The process that has that pid now; empty when there is none, or only a zombie. */
    public static Optional<ProcessIdentity> of(int pid) {
        return ProcessStatus.of(pid)
                .filter(status -> !status.isZombie())
                .map(status -> new ProcessIdentity(pid, status.startTicks()));
    }

    /** Whether it still runs. A zombie does not. */
    public boolean isAlive() {
        return of(pid).filter(this::equals).isPresent();
    }

    /** When it began, to a clock tick; counted from when the kernel started, see {@link ProcessDetails#uptime}. */
    public Duration started() {
        return ProcessDetails.ticks(startTicks);
    }

    /**
     * Where {@code ns} and {@code root} of it are, in {@code /proc}. A first thread that has ended while others work
     * has none any more; then those of another one.
     */
    public Path directory() {
        var directory = Path.of("/proc", String.valueOf(pid));
        if (ProcessStatus.of(pid).filter(ProcessStatus::isLeaderless).isPresent()) {
            try (var threads = Files.newDirectoryStream(directory.resolve("task"))) {
                for (var thread : threads) {
                    if (Files.exists(thread.resolve("ns/net"))) {
                        return thread;
                    }
                }
            } catch (IOException | DirectoryIteratorException e) {
                return directory; // it has just ended, as whoever opens something there will find
            }
        }
        return directory;
    }

    // As the JVM would make them, but it makes them when they are first called, which every look at a host would pay.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ProcessIdentity(var itsPid, var itsStart) && pid == itsPid && startTicks == itsStart;
    }

    @Override
    public int hashCode() {
        return 31 * pid + Long.hashCode(startTicks);
    }

    /** The id of the running kernel: identities of another boot mean nothing. */
    public static String bootId() throws IOException {
        // Not readString: a file of size 0 under /proc/sys would yield only its first character.
        try (var in = Files.newInputStream(Path.of("/proc/sys/kernel/random/boot_id"))) {
            return new String(in.readNBytes(64), StandardCharsets.US_ASCII).strip();
        }
    }
}
