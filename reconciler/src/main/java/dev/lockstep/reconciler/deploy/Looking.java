package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.Engine;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Looks at the host while something else is done: for a cold command, reading files and looking take about the same
 * time, and neither needs the other.
 */
public final class Looking implements AutoCloseable {
    private final FutureTask<Observed> observed;
    private final Thread thread;

    /** What is done to the host's records before they are looked at. */
    @FunctionalInterface
    public interface First {
        First NOTHING = () -> {};

        void run() throws IOException;
    }

    private Looking(Engine engine, First first) {
        this.observed = new FutureTask<>(() -> {
            first.run();
            return Deployment.observe(engine);
        });
        // A platform thread: system calls through JNA hold on to the thread they run on.
        this.thread = Thread.ofPlatform().name("observe").unstarted(observed);
    }

    static Looking at(Engine engine, First first) {
        var looking = new Looking(engine, first);
        looking.thread.start();
        return looking;
    }

    /** What was seen; waits for it. */
    Observed result() throws IOException {
        try {
            return observed.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw new IllegalStateException(e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the host was looked at", e);
        }
    }

    /** Waits until nobody looks any more, so that the engine can be closed. What was seen, or not, is dropped. */
    @Override
    public void close() {
        var interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
