package dev.lockstep.reconciler.agent;

import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import org.quartz.spi.ThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job at a time, on a thread that is there as long as the job. The threads of Quartz's own pool look twice a second
 * whether there is work; an idle agent is to wake no processor. Public for Quartz, which makes it by name.
 */
public final class SleepingThreadPool implements ThreadPool {
    private static final Logger LOG = LoggerFactory.getLogger(SleepingThreadPool.class);
    /** After which a thread is asked for again when there was none to be had. */
    private static final Duration AGAIN = Duration.ofSeconds(10);

    private final ThreadFactory threads;
    private final Duration again;
    private boolean busy;
    private boolean closed;

    /** For Quartz. */
    public SleepingThreadPool() {
        this(Thread.ofPlatform().daemon().name("housekeeping").factory(), AGAIN);
    }

    SleepingThreadPool(ThreadFactory threads, Duration again) {
        this.threads = threads;
        this.again = again;
    }

    @Override
    public synchronized boolean runInThread(Runnable job) {
        while (blockForAvailableThreads() > 0) {
            busy = true;
            try {
                threads.newThread(() -> run(job)).start();
                return true;
            } catch (OutOfMemoryError e) {
                // Told so, Quartz would end its own thread, and no time would ever come again.
                free();
                LOG.warn("there is no thread for housekeeping, which is tried again error={}", e.toString());
                if (!pause()) {
                    return false;
                }
            }
        }
        return false;
    }

    private void run(Runnable job) {
        try {
            job.run();
        } finally {
            free();
        }
    }

    /** False when that was interrupted. */
    private synchronized boolean pause() {
        var end = System.nanoTime() + again.toNanos();
        try {
            while (!closed && System.nanoTime() - end < 0) {
                wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private synchronized void free() {
        busy = false;
        notifyAll();
    }

    @Override
    public synchronized int blockForAvailableThreads() {
        try {
            while (busy && !closed) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
        return closed ? 0 : 1;
    }

    @Override
    public void initialize() {
        // There is nothing to prepare.
    }

    @Override
    public synchronized void shutdown(boolean waitForJobsToComplete) {
        closed = true;
        notifyAll();
        try {
            while (waitForJobsToComplete && busy) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public int getPoolSize() {
        return 1;
    }

    @Override
    public void setInstanceId(String id) {
        // One pool for one scheduler: there is nobody to be told apart from.
    }

    @Override
    public void setInstanceName(String name) {
        // The same.
    }
}
