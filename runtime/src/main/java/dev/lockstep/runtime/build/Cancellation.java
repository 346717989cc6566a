package dev.lockstep.runtime.build;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Says to everything that a build does that it is to stop. Any thread may call it off; it stays called off. What one
 * build of several runs into is called off as a {@linkplain #part part}, and the others go on.
 */
public final class Cancellation {
    /** Between two looks at something that others have; the first come sooner. */
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);

    private final Optional<Cancellation> whole;
    private final Set<Watch> watches = new LinkedHashSet<>();
    private boolean cancelled;
    private int undoing;

    /** Nothing is called off. */
    public Cancellation() {
        this(Optional.empty());
    }

    private Cancellation(Optional<Cancellation> whole) {
        this.whole = whole;
    }

    /** Something of its own, which ends with the whole and without it. */
    record Part(Cancellation cancellation, Watch ending) implements AutoCloseable {
        /** It does not end with the whole any more. */
        @Override
        public void close() {
            ending.close();
        }
    }

    /**
     * A part of it.
     *
     * @throws BuildCancelledException when it was called off already
     */
    Part part() throws BuildCancelledException {
        var part = new Cancellation(Optional.of(this));
        return new Part(part, watch(part::cancel));
    }

    /**
     * Stops what runs, and lets nothing begin any more. Returns when everything was told.
     *
     * @throws RuntimeException of what could not be stopped; the others were told all the same
     */
    public void cancel() {
        List<Watch> told;
        synchronized (this) {
            if (cancelled) {
                return;
            }
            cancelled = true;
            notifyAll();
            told = List.copyOf(watches);
        }
        Optional<RuntimeException> failure = Optional.empty();
        for (var watch : told) {
            try {
                watch.stop();
            } catch (RuntimeException e) {
                // The others must hear of it: who waits for them would wait for ever.
                failure.ifPresent(e::addSuppressed);
                failure = Optional.of(e);
            }
        }
        if (failure.isPresent()) {
            throw failure.get();
        }
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
    Undoing undoing() {
        whole.ifPresent(above -> above.count(1));
        count(1);
        return new Undoing();
    }

    private synchronized void count(int change) {
        undoing += change;
    }

    /** Something is being taken away until this is closed. */
    final class Undoing implements AutoCloseable {
        @Override
        public void close() {
            count(-1);
            whole.ifPresent(above -> above.count(-1));
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

    /** Something that others may have for as long as they like. */
    @FunctionalInterface
    interface Attempt<T> {
        /** What is wanted, or empty when it cannot be had now. Never waits. */
        Optional<T> run() throws IOException;
    }

    /**
     * Tries until it is there. A call of the system that waits for a lock ends for nobody who calls the build off.
     *
     * @throws BuildCancelledException when it was called off before it was there
     */
    <T> T await(Attempt<T> attempt) throws IOException {
        for (var pause = 1L; ; pause = Math.min(2 * pause, LONGEST_PAUSE.toMillis())) {
            check();
            var found = attempt.run();
            if (found.isPresent()) {
                return found.get();
            }
            pause(pause);
        }
    }

    /** Shorter when it is called off. */
    private synchronized void pause(long milliseconds) throws IOException {
        if (cancelled) {
            return;
        }
        try {
            TimeUnit.MILLISECONDS.timedWait(this, milliseconds); // woken too early, it tries too early
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a build waited for another");
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
