package dev.lockstep.reconciler.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Things to be done at the same time, each on a platform thread of its own when those that it needs are done. After a
 * failure nothing more is begun.
 */
final class DependentTasks {
    private final Semaphore slots;
    private final Runnable callOff;
    private final Map<String, CountDownLatch> ended = new HashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<Optional<Throwable>> failure = new AtomicReference<>(Optional.empty());

    /**
     * @param atOnce so many at a time
     * @param callOff what to do at the first failure: those that run should end
     */
    DependentTasks(int atOnce, Runnable callOff) {
        this.slots = new Semaphore(atOnce);
        this.callOff = callOff;
    }

    /** Something to be done. */
    @FunctionalInterface
    interface Task {
        void run() throws Exception;
    }

    /**
     * Begins one.
     *
     * @param needed names of others, which were added before; those that never were count as done
     */
    void add(String name, Collection<String> needed, Task task) {
        var before = needed.stream().filter(ended::containsKey).map(ended::get).toList();
        var end = new CountDownLatch(1);
        ended.put(name, end);
        threads.add(Thread.ofPlatform().name("task-" + name).start(() -> {
            try {
                for (var other : before) {
                    other.await();
                }
                slots.acquire();
                try {
                    if (failure.get().isEmpty()) {
                        task.run();
                    }
                } finally {
                    slots.release();
                }
            } catch (Exception | Error e) {
                failed(e);
            } finally {
                end.countDown();
            }
        }));
    }

    private void failed(Throwable e) {
        if (failure.compareAndSet(Optional.empty(), Optional.of(e))) {
            callOff.run();
        }
    }

    /** Waits until nothing runs any more; what failed first, if anything. */
    Optional<Throwable> await() throws InterruptedException {
        try {
            for (var thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            failed(e);
            throw e;
        }
        return failure.get();
    }
}
