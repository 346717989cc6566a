package dev.lockstep.runtime.build;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Says to everything that a build does that it is to stop. Any thread may call it off; it stays called off. */
public final class Cancellation {
    private final Set<Watch> watches = new LinkedHashSet<>();
    private boolean cancelled;
    private int undoing;

    /** Stops what runs, and lets nothing begin any more. Returns when everything was told. */
    public void cancel() {
        List<Watch> told;
        synchronized (this) {
            if (cancelled) {
                return;
            }
            cancelled = true;
            told = List.copyOf(watches);
        }
        told.forEach(Watch::stop);
    }

    /** Whether it was called off. */
    public synchronized boolean isCancelled() {
        return cancelled;
    }

    /** Whether something that a step has made is being taken away: that ends by itself, however much it is. */
    public synchronized boolean isUndoing() {
        return undoing > 0;
    }

    /** Begins to take something away. */
    synchronized Undoing undoing() {
        undoing++;
        return new Undoing();
    }

    /** Something is being taken away until this is closed. */
    final class Undoing implements AutoCloseable {
        @Override
        public void close() {
            synchronized (Cancellation.this) {
                undoing--;
            }
        }
    }

    /** @throws BuildCancelledException when it was called off */
    void check() throws BuildCancelledException {
        if (isCancelled()) {
            throw new BuildCancelledException();
        }
    }

    /** Something that is told. */
    final class Watch implements AutoCloseable {
        private final Runnable stop;
        private boolean over;

        private Watch(Runnable stop) {
            this.stop = stop;
        }

        private synchronized void stop() {
            if (!over) {
                stop.run();
            }
        }

        /** It is not told any more; when it is just being told, that is waited for. */
        @Override
        public void close() {
            synchronized (Cancellation.this) {
                watches.remove(this);
            }
            synchronized (this) {
                over = true;
            }
        }
    }

    /** Something that stops when its thread is interrupted. */
    @FunctionalInterface
    public interface Work<T> {
        T run() throws IOException;
    }

    /**
     * Does work that takes its time and asks nobody, such as copying, and interrupts it when the build is called off.
     * Afterwards the thread is not interrupted, so that what has to be undone can be.
     *
     * @throws BuildCancelledException when it was called off; the work is done or has failed then
     */
    public <T> T interrupting(Work<T> work) throws IOException {
        var thread = Thread.currentThread();
        try (var _ = watch(thread::interrupt)) {
            return work.run();
        } catch (IOException | RuntimeException e) {
            if (isCancelled() && !(e instanceof BuildCancelledException)) {
                var cancelled = new BuildCancelledException();
                cancelled.addSuppressed(e);
                throw cancelled;
            }
            throw e;
        } finally {
            if (isCancelled()) {
                var _ = Thread.interrupted();
            }
        }
    }

    /**
     * Has {@code stop} called when the build is called off, from the thread that does it.
     *
     * @throws BuildCancelledException when it was called off already
     */
    synchronized Watch watch(Runnable stop) throws BuildCancelledException {
        check();
        var watch = new Watch(stop);
        watches.add(watch);
        return watch;
    }
}
