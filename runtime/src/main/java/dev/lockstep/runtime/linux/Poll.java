package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import java.time.Duration;

/** Waiting until a descriptor has something to read, by {@code poll(2)}. Platform threads only. */
final class Poll {
    private static final short POLLIN = 1;

    private Poll() {}

    /** Whether {@code fd} became readable, or reached its end, within {@code timeout}. */
    static boolean readable(Fd fd, Duration timeout) throws LinuxException {
        var deadline = System.nanoTime() + timeout.toNanos();
        try (var memory = Libc.zeroed(8)) {
            memory.setInt(0, fd.number());
            memory.setShort(4, POLLIN);
            while (true) {
                // Rounded up, so that a wait of less than a millisecond does not spin.
                var left = Math.max(0, (deadline - System.nanoTime() + 999_999) / 1_000_000);
                var ready = Libc.poll(Libc.address(memory), 1, (int) Math.min(left, Integer.MAX_VALUE));
                if (ready < 0 && Native.getLastError() == Errno.EINTR) {
                    continue;
                }
                if (Libc.check(ready, "poll", fd) > 0) {
                    return true;
                }
                if (left < Integer.MAX_VALUE) {
                    return false;
                }
            }
        }
    }
}
