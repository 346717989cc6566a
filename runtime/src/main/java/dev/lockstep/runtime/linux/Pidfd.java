package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import java.time.Duration;
import java.util.Optional;

/** A handle on one process: what is done through it can hit no other one, even when the pid is used again. */
public final class Pidfd implements AutoCloseable {
    private static final long SYS_PIDFD_SEND_SIGNAL = 424;
    private static final long SYS_PIDFD_OPEN = 434;

    private final Fd fd;

    private Pidfd(Fd fd) {
        this.fd = fd;
    }

    /** Opens exactly that process; empty when it is gone. */
    public static Optional<Pidfd> open(ProcessIdentity process) throws LinuxException {
        var number = Libc.syscall(SYS_PIDFD_OPEN, process.pid(), 0, 0, 0, 0);
        if (number < 0 && Native.getLastError() == Errno.ESRCH) {
            return Optional.empty();
        }
        var pidfd = new Pidfd(new Fd(Libc.check(number, "pidfd_open", process.pid()), "pidfd " + process.pid()));
        var alive = false;
        try {
            // Checked after opening: from here on the handle cannot change its mind.
            alive = process.isAlive();
        } finally {
            if (!alive) {
                pidfd.close();
            }
        }
        return alive ? Optional.of(pidfd) : Optional.empty();
    }

    /**
     * Opens a child of ours that nobody has reaped: until then its pid is its own, also when it has ended already.
     *
     * @throws LinuxException when that is no child of ours any more
     */
    public static Pidfd ofChild(int pid) throws LinuxException {
        var number = Libc.syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0, 0);
        return new Pidfd(new Fd(Libc.check(number, "pidfd_open", pid), "pidfd " + pid));
    }

    /** Sends the signal; false when the process is gone. */
    public boolean send(Signal signal) throws LinuxException {
        var result = Libc.syscall(SYS_PIDFD_SEND_SIGNAL, fd.number(), signal.number(), 0, 0, 0);
        if (result < 0 && Native.getLastError() == Errno.ESRCH) {
            return false;
        }
        Libc.check(result, "pidfd_send_signal " + signal, fd);
        return true;
    }

    /** Waits for its end; false when it still runs after {@code timeout}. Platform threads only. */
    public boolean awaitExit(Duration timeout) throws LinuxException {
        return Poll.readable(fd, timeout);
    }

    /** To be waited for beside others: it is readable once the process has ended. Closed with this. */
    public Fd fd() {
        return fd;
    }

    @Override
    public void close() {
        fd.close();
    }
}
