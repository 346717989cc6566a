package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SetbacksTest {
    private final List<String> told = new ArrayList<>();

    private static long at(long seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }

    @Test
    void what_fails_is_begun_again_and_told_once_until_something_else_is_wrong() throws InterruptedException {
        var failures = new ArrayDeque<Throwable>(List.of(
                new IOException("too many open files"),
                new IOException("too many open files"),
                new IllegalStateException(),
                new OutOfMemoryError("no thread")));
        new Setbacks("nobody listens", told::add, Duration.ofNanos(1)).outlive(() -> {
            switch (failures.poll()) {
                case IOException e -> throw e;
                case RuntimeException e -> throw e;
                case VirtualMachineError e -> throw e;
                case null, default -> {}
            }
        });

        assertThat(failures).isEmpty();
        assertThat(told)
                .containsExactly(
                        "nobody listens, which is tried again: too many open files",
                        "nobody listens, which is tried again: java.lang.IllegalStateException",
                        "nobody listens, which is tried again: no thread");
    }

    @Test
    void what_is_closed_is_over() throws InterruptedException {
        new Setbacks("nobody listens", told::add).outlive(() -> {
            throw new ClosedWatchServiceException();
        });

        assertThat(told).isEmpty();
    }

    @Test
    void pauses_grow_to_half_a_minute_and_begin_anew_when_it_went_well_for_a_minute() {
        var setbacks = new Setbacks("nobody listens", told::add);
        var now = 7L;
        var pauses = new ArrayList<Long>();
        for (var i = 0; i < 7; i++) {
            var pause = setbacks.next(now);
            pauses.add(pause.toSeconds());
            now += pause.toNanos();
        }

        assertThat(pauses).containsExactly(1L, 2L, 4L, 8L, 16L, 30L, 30L);
        assertThat(setbacks.isLongest()).isTrue();
        assertThat(setbacks.next(now + at(59))).hasSeconds(30);
        assertThat(setbacks.next(now + at(59 + 91))).hasSeconds(1);
    }

    @Test
    void what_is_wrong_again_after_a_good_while_is_told_again() {
        var setbacks = new Setbacks("nobody listens", told::add);
        setbacks.failed(new IOException("no memory"), 0);
        setbacks.failed(new IOException("no memory"), at(1));
        setbacks.failed(new IOException("no memory"), at(100));

        assertThat(told).hasSize(2);
    }
}
