package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Waiting until descriptors have something to read, by {@code poll(2)}. Platform threads only. */
public final class Poll {
    private static final short POLLIN = 1;

    /** Bytes of one {@code struct pollfd}: the descriptor, what is waited for, what is there. */
    private static final int ENTRY = 8;

    private static final int ASKED = 4;
    private static final int FOUND = 6;

    private Poll() {}

    /**
     * Waits until one of them at least is readable, or has reached its end.
     *
     * @param timeout empty: for ever
     * @return those that are, in the order given; none when the time is over
     */
    public static List<Fd> readable(List<Fd> fds, Optional<Duration> timeout) throws LinuxException {
        var deadline = timeout.map(t -> System.nanoTime() + t.toNanos());
        try (var memory = Libc.zeroed(Math.max(1, fds.size()) * (long) ENTRY)) {
            for (var i = 0; i < fds.size(); i++) {
                memory.setInt((long) ENTRY * i, fds.get(i).number());
                memory.setShort((long) ENTRY * i + ASKED, POLLIN);
            }
            while (true) {
                var millis = deadline.map(Poll::millisUntil).orElse(-1);
                var ready = Libc.poll(Libc.address(memory), fds.size(), millis);
                if (ready < 0 && Native.getLastError() == Errno.EINTR) {
                    continue;
                }
                if (Libc.check(ready, "poll", fds) > 0) {
                    var found = new ArrayList<Fd>();
                    for (var i = 0; i < fds.size(); i++) {
                        if (memory.getShort((long) ENTRY * i + FOUND) != 0) {
                            found.add(fds.get(i));
                        }
                    }
                    return List.copyOf(found);
                }
                if (millis < Integer.MAX_VALUE) {
                    return List.of();
                }
            }
        }
    }

    /** Rounded up, so that a wait of less than a millisecond does not spin. */
    private static int millisUntil(long deadline) {
        return Math.clamp((deadline - System.nanoTime() + 999_999) / 1_000_000, 0, Integer.MAX_VALUE);
    }

    /** Whether {@code fd} became readable, or reached its end, within {@code timeout}. */
    static boolean readable(Fd fd, Duration timeout) throws LinuxException {
        return !readable(List.of(fd), Optional.of(timeout)).isEmpty();
    }
}
