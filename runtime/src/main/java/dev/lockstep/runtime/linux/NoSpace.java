package dev.lockstep.runtime.linux;

/** Tells a full disk from other troubles. */
public final class NoSpace {
    private NoSpace() {}

    /** Whether something failed because a file system or a quota had no room. */
    public static boolean isWhy(Throwable failure) {
        return isItself(failure) || failure.getCause() != null && isWhy(failure.getCause());
    }

    private static boolean isItself(Throwable failure) {
        if (failure instanceof LinuxException e) {
            return e.errno() == Errno.ENOSPC || e.errno() == Errno.EDQUOT;
        }
        // Java's own streams keep no errno, only what strerror(3) says.
        var message = failure.getMessage();
        return message != null
                && (message.contains("No space left on device") || message.contains("Disk quota exceeded"));
    }
}
