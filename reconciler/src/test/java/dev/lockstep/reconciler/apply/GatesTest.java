package dev.lockstep.reconciler.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.observe.Supposed;
import dev.lockstep.runtime.testing.PlainSpec;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class GatesTest {
    @Test
    void one_without_a_health_check_is_waited_for_until_it_can_have_run_for_its_time() {
        var container = new Supposed(Instant.EPOCH).container(PlainSpec.of("web", "web:1"));

        assertThat(Gates.patience(container, Duration.ofSeconds(2))).isEqualTo(Duration.ofSeconds(62));
        assertThat(Gates.patience(container, Duration.ofMinutes(5))).isEqualTo(Duration.ofMinutes(6));
    }

    @Test
    void one_that_was_started_before_the_clock_was_set_back_is_not_waited_for_until_the_clock_is_there_again() {
        var now = Instant.parse("2026-11-24T12:00:00Z");
        var two = Duration.ofSeconds(2);

        assertThat(Gates.isYoung(now.minusSeconds(1), two, now)).isTrue();
        assertThat(Gates.isYoung(now.minusSeconds(2), two, now)).isFalse();
        assertThat(Gates.isYoung(now.plusMillis(20), two, now)).isTrue();
        assertThat(Gates.isYoung(now.plusSeconds(7200), two, now)).isFalse();
    }
}
