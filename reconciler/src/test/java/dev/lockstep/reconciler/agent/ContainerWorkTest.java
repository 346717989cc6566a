package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ContainerWorkTest {
    private static final long LONG = 60;

    /** A commit that fills the memory may take it from whoever is at work just then. */
    @Test
    void what_there_was_no_memory_for_keeps_nothing_behind_it_from_being_done() throws InterruptedException {
        var work = new ContainerWork();
        var begun = new CountDownLatch(1);
        var queued = new CountDownLatch(1);
        var done = new CountDownLatch(1);
        work.submit("a", () -> {
            begun.countDown();
            await(queued);
            throw new OutOfMemoryError("of a test");
        });
        await(begun);
        work.submit("a", done::countDown);
        queued.countDown();

        assertThat(await(done)).isTrue();
        assertThat(work.close(Duration.ofSeconds(LONG))).isEmpty();
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(LONG, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
