package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Ends a talk with a remote that takes too long in all. JGit's own timeout counts from byte to byte, so that a server
 * which sends one a minute, or a little of a TLS handshake, would be waited for without end.
 *
 * <p>Each talk has a virtual thread, because those can be interrupted while they read from a socket: the socket is
 * closed then (JEP 444).
 */
record Deadline(Remote remote) {
    private static final Duration BETWEEN_INTERRUPTS = Duration.ofMillis(250);
    private static final int INTERRUPTS = 20;

    @FunctionalInterface
    interface Talk<T> {
        T hold() throws IOException, DamageException;
    }

    /**
     * Holds the talk and waits for it; an interrupt ends both.
     *
     * @param what a verb for the message: what the remote did not do in time
     * @throws GitException {@link Kind#TIMEOUT} when it is not over in time
     */
    <T> T hold(String what, Duration allowed, Talk<T> talk) throws IOException, DamageException {
        var result = new FutureTask<>(talk::hold);
        var thread = Thread.ofVirtual().name("git " + remote).start(result);
        try {
            return result.get(allowed.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            end(thread);
            throw new GitException(
                    Kind.TIMEOUT,
                    "repository " + remote + " did not " + what + " within " + allowed.toSeconds() + " s",
                    e);
        } catch (InterruptedException e) {
            end(thread);
            Thread.currentThread().interrupt();
            throw new GitException(Kind.UNREACHABLE, "repository " + remote + ": asking it was interrupted", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case DamageException damage -> throw damage;
                case RuntimeException runtime -> throw runtime;
                case null, default -> throw new IllegalStateException(e.getCause());
            }
        }
    }

    /** What the talk has begun to write is put away by it; whoever holds the clone's lock waits for that. */
    private static void end(Thread thread) {
        var interrupted = false;
        for (var i = 0; i < INTERRUPTS && thread.isAlive(); i++) {
            thread.interrupt();
            try {
                if (thread.join(BETWEEN_INTERRUPTS)) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
