package dev.lockstep.runtime.log;

/**
 * How much of a log is kept.
 *
 * @param fileSize bytes after which a new file is begun
 * @param files how many there are at most, the one that is written included
 */
public record LogLimits(long fileSize, int files) {
    /** 100 MB in five files; what {@code max-size} and {@code max-file} of the file do not say. */
    public static final LogLimits DEFAULT = new LogLimits(20_000_000, 5);

    public LogLimits {
        if (fileSize < 1 || files < 1) {
            throw new IllegalArgumentException(
                    "a log has at least one file of at least one byte, got " + files + " of " + fileSize);
        }
    }
}
