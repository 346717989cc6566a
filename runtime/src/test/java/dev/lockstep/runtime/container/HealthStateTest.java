package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.container.HealthState.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HealthStateTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration UPTIME = Duration.ofDays(3);
    private static final EffectiveHealthCheck CHECK = new EffectiveHealthCheck(
            List.of("true"),
            Duration.ofSeconds(30),
            Duration.ofSeconds(3),
            Duration.ofSeconds(60),
            Duration.ofSeconds(5),
            2);

    private static HealthState after(HealthState state, int second, int exitCode) {
        var begin = START.plusSeconds(second);
        return state.advance(
                CHECK, new HealthResult(begin, begin.plusSeconds(1), exitCode, ""), UPTIME.plusSeconds(second));
    }

    @Test
    void failures_in_the_start_period_do_not_count_while_starting() {
        var state = HealthState.starting(START, UPTIME);
        for (var second = 5; second < 60; second += 6) {
            state = after(state, second, 1);
        }
        assertThat(state.status()).isEqualTo(Status.STARTING);
        assertThat(state.failingStreak()).isZero();
        assertThat(state.results()).hasSize(5);
        state = after(after(state, 61, 1), 92, 1);
        assertThat(state.status()).isEqualTo(Status.UNHEALTHY);
    }

    @Test
    void a_success_in_the_start_period_makes_it_healthy_and_failures_count_from_then_on() {
        var state = after(HealthState.starting(START, UPTIME), 5, 0);
        assertThat(state.status()).isEqualTo(Status.HEALTHY);
        state = after(after(state, 10, 1), 15, 1);
        assertThat(state.status()).isEqualTo(Status.UNHEALTHY);
    }

    @Test
    void one_success_heals() {
        var state = after(after(HealthState.starting(START, UPTIME), 70, -1), 101, -1);
        assertThat(state.status()).isEqualTo(Status.UNHEALTHY);
        assertThat(after(state, 132, 0).status()).isEqualTo(Status.HEALTHY);
        assertThat(after(state, 132, 0).failingStreak()).isZero();
    }

    @Test
    void the_next_probe_is_counted_from_the_end_of_the_last() {
        var state = HealthState.starting(START, UPTIME);
        assertThat(state.nextProbe(CHECK, UPTIME)).isEqualTo(START.plusSeconds(5));
        assertThat(after(state, 5, 1).nextProbe(CHECK, UPTIME.plusSeconds(6))).isEqualTo(START.plusSeconds(11));
        assertThat(after(state, 5, 0).nextProbe(CHECK, UPTIME.plusSeconds(6))).isEqualTo(START.plusSeconds(36));
        assertThat(state.nextProbe(CHECK, UPTIME.plusSeconds(60))).isEqualTo(START.plusSeconds(30));
    }

    /** docker counts by Go's time, whose second clock nobody sets. */
    @ParameterizedTest
    @ValueSource(ints = {-400_000, 400_000})
    void a_clock_that_is_set_neither_ends_nor_prolongs_the_start_period(int seconds) {
        var begin = START.plusSeconds(seconds);
        var failed = new HealthResult(begin, begin, 1, "");
        var early = HealthState.starting(START, UPTIME).advance(CHECK, failed, UPTIME.plusSeconds(59));
        assertThat(early.failingStreak()).isZero();
        assertThat(early.pause(CHECK, UPTIME.plusSeconds(59))).isEqualTo(CHECK.startInterval());
        var late = early.advance(CHECK, failed, UPTIME.plusSeconds(60));
        assertThat(late.failingStreak()).isEqualTo(1);
        assertThat(late.pause(CHECK, UPTIME.plusSeconds(60))).isEqualTo(CHECK.interval());
    }
}
