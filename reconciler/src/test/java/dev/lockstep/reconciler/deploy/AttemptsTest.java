package dev.lockstep.reconciler.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class AttemptsTest {
    private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
    private static final Instant LONG_AGO = Instant.EPOCH;

    private final Attempts attempts = new Attempts();

    @Test
    void pauses_grow_to_ten_minutes_and_begin_anew_after_success() {
        var pauses = java.util.stream.IntStream.range(0, 13)
                .mapToObj(_ -> Duration.between(
                                NOW, attempts.failed("a", "down", NOW).next())
                        .toSeconds())
                .toList();
        assertThat(pauses).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 64L, 128L, 256L, 512L, 600L, 600L, 600L);
        attempts.succeeded("a");
        assertThat(attempts.failed("a", "down", NOW).next()).isEqualTo(NOW.plusSeconds(1));
    }

    @Test
    void a_failure_holds_back_its_own_question_until_its_time() {
        assertThat(attempts.holdingBack("a", NOW, LONG_AGO)).isEmpty();
        attempts.failed("a", "down", NOW);
        assertThat(attempts.holdingBack("a", NOW.plusMillis(999), LONG_AGO))
                .get()
                .extracting(Attempts.Failure::why)
                .isEqualTo("down");
        assertThat(attempts.holdingBack("b", NOW, LONG_AGO)).isEmpty();
        assertThat(attempts.holdingBack("a", NOW.plusSeconds(1), LONG_AGO)).isEmpty();
    }

    @Test
    void whoever_asks_after_the_failure_is_not_held_back_and_neither_is_anybody_whose_clock_went_back() {
        attempts.failed("a", "down", NOW);
        assertThat(attempts.holdingBack("a", NOW.plusMillis(10), NOW.plusMillis(5)))
                .isEmpty();
        assertThat(attempts.holdingBack("a", NOW.plusMillis(10), Instant.MAX)).isEmpty();
        assertThat(attempts.holdingBack("a", NOW.minusSeconds(3600), LONG_AGO)).isEmpty();
    }
}
