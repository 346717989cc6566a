package dev.lockstep.runtime.snapshot;

import java.io.IOException;
import java.io.InterruptedIOException;

/**
 * Makes what several threads have written durable with one call: layers that are ready while the disk is busy share the
 * next one. A call for each would write the same data, and wait for that of the others every time.
 */
final class GroupSync {
    /** Makes all that is written before the call durable. */
    interface Sync {
        void run() throws IOException;
    }

    private final Sync sync;
    private long asked;
    private long synced;
    private boolean running;

    GroupSync(Sync sync) {
        this.sync = sync;
    }

    /** Returns when all that was written before the call is durable. */
    void run() throws IOException {
        long until;
        synchronized (this) {
            var mine = ++asked;
            try {
                while (running && synced < mine) {
                    wait();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
            if (synced >= mine) {
                return;
            }
            running = true;
            until = asked;
        }
        var done = false;
        try {
            sync.run();
            done = true;
        } finally {
            synchronized (this) {
                running = false;
                synced = done ? until : synced;
                notifyAll();
            }
        }
    }
}
