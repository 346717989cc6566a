package dev.lockstep.reconciler.agent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/** Wakes who looks at a repository before its time, and brings what came of it to whoever asked. */
final class Nudge implements AutoCloseable {
    private boolean closed;
    private boolean due;
    private final List<CompletableFuture<List<Future<StackWorker.Run>>>> waiting = new ArrayList<>();

    /** Waits; true when it is time to look, false when all is over. */
    synchronized boolean await(Duration pause) throws InterruptedException {
        var end = System.nanoTime() + pause.toNanos();
        while (!closed && !due && System.nanoTime() < end) {
            wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
        }
        due = false;
        return !closed;
    }

    /** Asks for a look now; the answer has a future for each stack, and is cancelled by {@link #close}. */
    synchronized Future<List<Future<StackWorker.Run>>> now() {
        var answer = new CompletableFuture<List<Future<StackWorker.Run>>>();
        if (closed) {
            answer.cancel(false);
            return answer;
        }
        waiting.add(answer);
        due = true;
        notifyAll();
        return answer;
    }

    /** Whether somebody waits for the next look. */
    synchronized boolean isAsked() {
        return !waiting.isEmpty();
    }

    synchronized boolean isClosed() {
        return closed;
    }

    synchronized void looked(List<Future<StackWorker.Run>> stacks) {
        waiting.forEach(w -> w.complete(stacks));
        waiting.clear();
    }

    synchronized void failed(Exception e) {
        waiting.forEach(w -> w.completeExceptionally(e));
        waiting.clear();
    }

    @Override
    public synchronized void close() {
        closed = true;
        waiting.forEach(w -> w.cancel(false));
        waiting.clear();
        notifyAll();
    }
}
