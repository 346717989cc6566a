package dev.lockstep.reconciler.agent;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work on containers: on each of them one thing at a time, in the order it came, and none waits for what hangs on
 * another one (a hook, a network file system that is away, a lock). There are never more threads than containers.
 *
 * <p>A host that begins does not begin everything in one moment: a few take their turns. Whoever has waited for his for
 * a while goes without, since those who have it may hang.
 */
final class ContainerWork {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerWork.class);
    private static final int TURNS = 8;
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

    // Platform threads: what is done there waits in the kernel.
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofPlatform().daemon().name("container-", 0).factory());
    private final Semaphore turns = new Semaphore(TURNS, true);
    /** What waits behind that which is being done, by id. Guards itself. */
    private final Map<String, Deque<Runnable>> queues = new HashMap<>();

    private boolean closed;

    /**
     * Has it done.
     *
     * @throws RejectedExecutionException once this is closed
     * @throws OutOfMemoryError when there is no thread to be had; it may be tried again
     */
    void submit(String id, Runnable task) {
        synchronized (queues) {
            if (closed) {
                throw new RejectedExecutionException("closed");
            }
            var behind = queues.get(id);
            if (behind != null) {
                behind.add(task);
                return;
            }
            queues.put(id, new ArrayDeque<>());
            var begun = false;
            try {
                threads.execute(() -> work(id, task));
                begun = true;
            } finally {
                if (!begun) {
                    queues.remove(id); // there is nobody who would ever come to what is put there
                }
            }
        }
    }

    private void work(String id, Runnable first) {
        for (var task = Optional.of(first); task.isPresent(); task = next(id)) {
            var taken = false;
            try {
                taken = turns.tryAcquire(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
                task.get().run();
            } catch (InterruptedException e) {
                return; // we end, and have been patient
            } catch (VirtualMachineError e) {
                // What one thing had no memory for is no reason never to do those behind it.
                LOG.warn("container={} error={}", id, e.toString());
            } finally {
                if (taken) {
                    turns.release();
                }
            }
        }
    }

    private Optional<Runnable> next(String id) {
        synchronized (queues) {
            var next = closed
                    ? Optional.<Runnable>empty()
                    : Optional.ofNullable(queues.get(id)).map(Deque::poll);
            if (next.isEmpty()) {
                queues.remove(id);
            }
            return next;
        }
    }

    /** What is being done is waited for, for a while; what waits behind it is dropped. Returns whose that was. */
    Set<String> close(Duration patience) throws InterruptedException {
        var dropped = new HashSet<String>();
        synchronized (queues) {
            closed = true;
            queues.forEach((id, behind) -> {
                if (!behind.isEmpty()) {
                    dropped.add(id);
                }
            });
        }
        threads.shutdown();
        try {
            if (!threads.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                synchronized (queues) {
                    dropped.addAll(queues.keySet());
                }
            }
        } finally {
            threads.shutdownNow();
        }
        return dropped;
    }
}
