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
}
