package dev.lockstep.reconciler.agent;

import org.quartz.spi.ThreadPool;

/**
 * One job at a time, on a thread that is there as long as the job. The threads of Quartz's own pool look twice a second
 * whether there is work; an idle agent is to wake no processor. Public for Quartz, which makes it by name.
 */
public final class SleepingThreadPool implements ThreadPool {
    private boolean busy;
    private boolean closed;

    @Override
    public synchronized boolean runInThread(Runnable job) {
        if (closed || blockForAvailableThreads() == 0) {
            return false;
        }
        busy = true;
        Thread.ofPlatform().daemon().name("housekeeping").start(() -> {
            try {
                job.run();
            } finally {
                free();
            }
        });
        return true;
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
