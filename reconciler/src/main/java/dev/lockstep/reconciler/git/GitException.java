package dev.lockstep.reconciler.git;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What went wrong with a repository, in one sentence for people. The message never contains a user name, password or
 * token. What was fetched before stays usable, except with {@link Kind#DAMAGED}.
 */
public final class GitException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Decides what a caller does next: wait and try again, or wait for a person. */
    public enum Kind {
        /** No answer, or the connection broke: try again later. */
        UNREACHABLE,
        /** The deadline passed: try again later. */
        TIMEOUT,
        /** Credentials are missing or were refused, or the host's key is not the expected one. */
        AUTH,
        /** The repository answers and has no such branch, tag or commit. */
        NO_SUCH_REF,
        /** The repository has no commit yet. */
        EMPTY_REPOSITORY,
        /** Nothing at this address is a Git repository. */
        NOT_A_REPOSITORY,
        /** The ref names something that is not a commit, or the commit holds what this program does not take. */
        REFUSED,
        /** The ref was moved in a way that the host's owner refuses, and the commit that it was at is not here. */
        MOVED,
        /** A path is not in the commit, or is not what it must be. */
        NO_SUCH_FILE,
        /** The clone on this host is damaged and could not be made again. */
        DAMAGED,
        /** This host could not write or read its clone (disk full, permissions). */
        LOCAL
    }

    private final Kind kind;
    private final @Nullable Duration retryAfter;

    GitException(Kind kind, String message) {
        super(message);
        this.kind = kind;
        this.retryAfter = null;
    }

    GitException(Kind kind, String message, Throwable cause) {
        this(kind, message, cause, Optional.empty());
    }

    GitException(Kind kind, String message, Throwable cause, Optional<Duration> retryAfter) {
        super(message, cause);
        this.kind = kind;
        this.retryAfter = retryAfter.orElse(null);
    }

    /** How long the remote asks to be left alone. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** What a caller decides by. */
    public Kind kind() {
        return kind;
    }

    /** True when time alone may cure it. */
    public boolean isTransient() {
        return kind == Kind.UNREACHABLE || kind == Kind.TIMEOUT;
    }
}
