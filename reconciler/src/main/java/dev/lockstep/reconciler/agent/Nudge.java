package dev.lockstep.reconciler.agent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/** Wakes who looks at a repository before its time, and brings what came of it to whoever asked. */
final class Nudge implements AutoCloseable {
    private boolean closed;
    private boolean due;
    /** What those who wait for the next look have asked for: words of triggers. */
    private final Set<String> asked = new LinkedHashSet<>();

    private final List<CompletableFuture<List<Future<StackWorker.Run>>>> waiting = new ArrayList<>();
    /** Those whose look has begun. Who asks meanwhile waits for the one after it. */
    private final List<CompletableFuture<List<Future<StackWorker.Run>>>> served = new ArrayList<>();

    /** Waits; true when it is time to look, false when all is over. */
    synchronized boolean await(Duration pause) throws InterruptedException {
        var end = System.nanoTime() + pause.toNanos();
        while (!closed && !due && System.nanoTime() < end) {
            wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
        }
        due = false;
        return !closed;
    }

    /**
     * Asks for a look now; the answer has a future for each stack, and is cancelled by {@link #close}.
     *
     * @param trigger as a person asked for it: {@code sync}, with what is written behind it
     */
    synchronized Future<List<Future<StackWorker.Run>>> now(String trigger) {
        var answer = new CompletableFuture<List<Future<StackWorker.Run>>>();
        if (closed) {
            answer.cancel(false);
            return answer;
        }
        waiting.add(answer);
        asked.addAll(List.of(trigger.split(" ")));
        due = true;
        notifyAll();
        return answer;
    }

    /** Something may be new; nobody waits for an answer. */
    synchronized void wake() {
        due = true;
        notifyAll();
    }

    /** A look begins; what those who wait for it have asked for, empty when nobody does. */
    synchronized Optional<String> begin() {
        var trigger = waiting.isEmpty() ? Optional.<String>empty() : Optional.of(String.join(" ", asked));
        served.addAll(waiting);
        waiting.clear();
        asked.clear();
        return trigger;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    synchronized void looked(List<Future<StackWorker.Run>> stacks) {
        served.forEach(w -> w.complete(stacks));
        served.clear();
    }

    synchronized void failed(Exception e) {
        served.forEach(w -> w.completeExceptionally(e));
        served.clear();
    }

    @Override
    public synchronized void close() {
        closed = true;
        served.addAll(waiting);
        waiting.clear();
        served.forEach(w -> w.cancel(false));
        served.clear();
        notifyAll();
    }
}
