package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Work on a thread that is made for it and ends with it: what it changes of itself in the kernel ends too. */
public final class OwnThread {
    private OwnThread() {}

    /** Something to do. */
    @FunctionalInterface
    public interface Work<T> {
        T run() throws IOException;
    }

    /** Returns what the work returns, or throws what it throws, when the thread has ended. */
    static <T> T call(String name, Work<T> work) throws IOException {
        var result = new CompletableFuture<T>();
        var thread = Thread.ofPlatform().name(name).start(() -> {
            try {
                result.complete(work.run());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw e;
            }
        } finally {
            end(thread);
        }
    }

    private static void end(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
