package dev.lockstep.runtime.linux;

import java.io.IOException;

/** A system call that failed. {@link #errno()} decides what callers do; the message is for people. */
public final class LinuxException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final String subject;
    private final int errno;

    LinuxException(String call, String subject, int errno) {
        this(call, subject, errno, "");
    }

    /** @param kernelText the kernel's own sentence (extended ACK, mount log), empty where it has none */
    LinuxException(String call, String subject, int errno, String kernelText) {
        super(call + " " + subject + ": " + Errno.describe(errno) + (kernelText.isEmpty() ? "" : ": " + kernelText));
        this.call = call;
        this.subject = subject;
        this.errno = errno;
    }

    /** The call, as its manual page is named. */
    public String call() {
        return call;
    }

    /** Path, descriptor or name that the call was about. */
    public String subject() {
        return subject;
    }

    /** One of {@link Errno}, or a number that has no name there. */
    public int errno() {
        return errno;
    }

    /** True for "there is none": ENOENT, ESRCH, ENODEV. Undoing what is already gone is success. */
    public boolean isGone() {
        return errno == Errno.ENOENT || errno == Errno.ESRCH || errno == Errno.ENODEV;
    }

    /**
     * Whether a file or directory that somebody saw a moment ago is gone, or a link, a device or another kind by now.
     */
    public boolean isOther() {
        return isGone() || errno == Errno.ENOTDIR || errno == Errno.ELOOP || errno == Errno.ENXIO;
    }
}
