package dev.lockstep.runtime.container;

import java.io.IOException;

/** A container could not be made what it should be. The message says what, where and what to do. */
public final class ContainerException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Reason reason;

    /** What kind of failure it is: decides exit codes and whether trying again makes sense. */
    public enum Reason {
        /** No container of that name or id. */
        NO_SUCH_CONTAINER(1),
        /** The request contradicts what is there: name taken, not running, needs replacement. */
        CONFLICT(1),
        /** The request can never work: unknown user, bad signal, missing mount source. */
        INVALID(125),
        /** The program exists but cannot be executed. */
        CANNOT_EXECUTE(126),
        /** The program does not exist. */
        NOT_FOUND(127),
        /** The runtime refused. */
        RUNTIME(128),
        /** Something on the host is missing: a program, a profile, a kernel feature. */
        HOST(125);

        private final int exitCode;

        Reason(int exitCode) {
            this.exitCode = exitCode;
        }

        /** As {@code docker run} would exit. */
        public int exitCode() {
            return exitCode;
        }
    }

    public ContainerException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public ContainerException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** @param what of that container makes it impossible, without a full stop: {@code is already paused} */
    static ContainerException conflict(String name, String what) {
        return new ContainerException(Reason.CONFLICT, "Container " + name + " " + what + ".");
    }

    public Reason reason() {
        return reason;
    }
}
