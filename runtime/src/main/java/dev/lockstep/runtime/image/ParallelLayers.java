package dev.lockstep.runtime.image;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Does one task for each of some things, several at a time, each on a platform thread because the tasks make native
 * calls that block. The first failure interrupts the others and is thrown when they have ended.
 */
public final class ParallelLayers {
    /** One task. */
    @FunctionalInterface
    public interface Task<T> {
        void run(T thing) throws IOException, InterruptedException;
    }

    private ParallelLayers() {}

    /**
     * Returns when all are done.
     *
     * @param atOnce most threads
     */
    public static <T> void forEach(Collection<T> things, int atOnce, Task<T> task) throws IOException {
        if (things.isEmpty()) {
            return;
        }
        try (var threads = Executors.newFixedThreadPool(
                Math.min(atOnce, things.size()),
                Thread.ofPlatform().name("layer-", 1).daemon().factory())) {
            var completed = new ExecutorCompletionService<Boolean>(threads);
            var futures = new ArrayList<Future<Boolean>>();
            for (var thing : things) {
                futures.add(completed.submit(() -> {
                    task.run(thing);
                    return true;
                }));
            }
            try {
                for (var i = 0; i < futures.size(); i++) {
                    completed.take().get();
                }
            } catch (ExecutionException e) {
                futures.forEach(future -> future.cancel(true));
                throw unwrapped(e);
            } catch (InterruptedException e) {
                futures.forEach(future -> future.cancel(true));
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }
    }

    private static IOException unwrapped(ExecutionException e) {
        return switch (e.getCause()) {
            case IOException cause -> cause;
            case RuntimeException cause -> throw cause;
            case Error cause -> throw cause;
            case null -> new IOException(e);
            default -> new IOException(e.getCause());
        };
    }
}
