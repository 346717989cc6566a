package dev.lockstep.runtime.linux;

import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Tells want of descriptors or memory, which passes, from what is wrong with a file. */
public final class Scarce {
    private static final Set<Integer> ERRORS = Set.of(Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM);

    /** Java's files keep no errno, only what strerror(3) says. */
    private static final Set<String> REASONS =
            Set.of("Too many open files", "Too many open files in system", "Cannot allocate memory");

    private Scarce() {}

    /** Whether something failed because this process or this host had no more of them. */
    public static boolean isWhy(Throwable failure) {
        return switch (failure) {
            case LinuxException e -> ERRORS.contains(e.errno());
            case FileSystemException e ->
                Optional.ofNullable(e.getReason()).filter(REASONS::contains).isPresent();
            case UncheckedIOException e -> isWhy(Objects.requireNonNull(e.getCause()));
            default -> false;
        };
    }
}
