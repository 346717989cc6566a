package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.NetworkNamespaces;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Sockets at home, opened by whoever needs one first, in whatever order. */
class KernelIT {
    private static final Duration LONG = Duration.ofSeconds(20);

    private interface Work {
        void run() throws IOException;
    }

    private static Thread started(Work work) {
        return Thread.ofPlatform().daemon().start(() -> {
            try {
                work.run();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    private static void pass(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        }
    }

    /** Several containers of a stack that stop at once. */
    @Test
    void who_waits_for_a_thread_at_home_keeps_nobody_there_from_a_socket() throws Exception {
        var inside = new CountDownLatch(2);
        var asked = new CountDownLatch(1);
        var free = new CountDownLatch(1);
        try (var namespaces = NetworkNamespaces.ofThisProcess();
                var kernel = new Kernel(namespaces)) {
            try {
                // One thread at home waits for the network lock, the other one has it, and there are no more.
                var waits = started(() -> namespaces.home(() -> {
                    inside.countDown();
                    pass(free);
                    return free;
                }));
                var holds = started(() -> namespaces.home(() -> {
                    inside.countDown();
                    pass(asked);
                    var sets = kernel.sets();
                    free.countDown();
                    return sets;
                }));
                inside.await();
                var outside = started(kernel::rtnetlink);
                await().until(() -> outside.getState() == Thread.State.WAITING);
                asked.countDown();
                for (var thread : List.of(holds, waits, outside)) {
                    assertThat(thread.join(LONG)).as("%s has ended", thread).isTrue();
                }
                assertThat(kernel.rtnetlink()).isSameAs(kernel.rtnetlink());
            } finally {
                free.countDown();
            }
        }
    }
}
