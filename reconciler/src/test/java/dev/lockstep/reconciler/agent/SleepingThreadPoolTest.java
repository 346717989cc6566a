package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SleepingThreadPoolTest {
    @Test
    void a_thread_that_is_not_to_be_had_is_asked_for_again() throws InterruptedException {
        var asked = new AtomicInteger();
        var pool = new SleepingThreadPool(
                job -> {
                    if (asked.incrementAndGet() < 3) {
                        throw new OutOfMemoryError("unable to create native thread");
                    }
                    return Thread.ofPlatform().unstarted(job);
                },
                Duration.ofMillis(1));
        var done = new CountDownLatch(1);

        assertThat(pool.runInThread(done::countDown)).isTrue();

        assertThat(done.await(1, TimeUnit.MINUTES)).isTrue();
        assertThat(asked).hasValue(3);
        pool.shutdown(true);
    }

    @Test
    void a_job_that_throws_makes_room_for_the_next_one() throws InterruptedException {
        var pool = new SleepingThreadPool(
                job -> Thread.ofPlatform()
                        .uncaughtExceptionHandler((_, _) -> {})
                        .unstarted(job),
                Duration.ofMillis(1));
        var done = new CountDownLatch(1);

        assertThat(pool.runInThread(() -> {
                    throw new IllegalStateException("the job");
                }))
                .isTrue();
        assertThat(pool.runInThread(done::countDown)).isTrue();

        assertThat(done.await(1, TimeUnit.MINUTES)).isTrue();
        pool.shutdown(true);
    }

    @Test
    void nothing_is_begun_once_it_is_closed() {
        var pool = new SleepingThreadPool();
        pool.shutdown(true);

        assertThat(pool.runInThread(() -> {
                    throw new AssertionError("begun");
                }))
                .isFalse();
    }
}
