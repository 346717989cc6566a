package dev.lockstep.reconciler.git;

/** The clone on this host lacks or garbles what it must hold. Answered by making it again. */
final class DamageException extends Exception {
    private static final long serialVersionUID = 1L;

    DamageException(Throwable cause) {
        super(cause.getMessage(), cause);
    }
}
