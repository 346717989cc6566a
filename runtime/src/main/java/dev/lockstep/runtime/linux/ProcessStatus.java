package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What {@code /proc/PID/stat} says of a process (proc_pid_stat(5)).
 *
 * @param state one letter, {@code Z} for a zombie; that of its first thread only
 * @param parent pid of its parent
 * @param session pid of the leader of its session
 * @param threads the first one counts until the process is reaped
 * @param startTicks clock ticks after boot
 */
public record ProcessStatus(int pid, char state, int parent, int session, int threads, long startTicks) {
    /**
     * Empty when there is no such process.
     *
     * @throws UncheckedIOException when this process or this host has too little of something to look: whoever took
     *     that for an end would put away what runs
     */
    public static Optional<ProcessStatus> of(int pid) {
        try {
            return Optional.of(parse(KernelFile.read(Path.of("/proc/" + pid + "/stat"))));
        } catch (IOException e) {
            if (Scarce.isWhy(e)) {
                throw new UncheckedIOException(e.getMessage(), e);
            }
            return Optional.empty();
        }
    }

    static ProcessStatus parse(String line) {
        // The name may hold blanks and parentheses, so the fields begin after the last one.
        var close = line.lastIndexOf(')');
        var fields = line.substring(close + 2).split(" ", -1);
        return new ProcessStatus(
                Integer.parseInt(line.substring(0, line.indexOf(' '))),
                fields[0].charAt(0),
                Integer.parseInt(fields[1]),
                Integer.parseInt(fields[3]),
                Integer.parseInt(fields[17]),
                Long.parseLong(fields[19]));
    }

    /** When it began, to a clock tick; counted from when the kernel started, see {@link ProcessDetails#uptime}. */
    public Duration started() {
        return Duration.ofMillis(startTicks * 1000 / ProcessDetails.TICKS);
    }

    /** Not while another thread works: the first one may have ended alone, by {@code pthread_exit} or for an exec. */
    boolean isZombie() {
        return hasEnded() && threads <= 1;
    }

    /** Whether its first thread has ended, and others work. */
    boolean isLeaderless() {
        return hasEnded() && threads > 1;
    }

    private boolean hasEnded() {
        return state == 'Z' || state == 'X';
    }
}
