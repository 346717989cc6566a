package dev.lockstep.reconciler.apply;

import static dev.lockstep.spec.model.Dependency.Condition.COMPLETED_SUCCESSFULLY;
import static dev.lockstep.spec.model.Dependency.Condition.HEALTHY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.Rollout;
import dev.lockstep.reconciler.plan.Patience;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.model.Sources;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WaitLimitsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(70);

    private final AtomicLong time = new AtomicLong(-5);

    private static Desired stack() {
        return new Desired(
                new Owner("test", "shop", Optional.empty()),
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(service("import", Optional.empty()), service("migrate", Optional.of(Duration.ofMinutes(40)))),
                Sources.none());
    }

    private static DesiredService service(String name, Optional<Duration> monitor) {
        var d = Rollout.DEFAULT;
        var update =
                new Rollout(d.parallelism(), d.delay(), d.startFirst(), d.onFailure(), monitor, d.maxFailureRatio());
        return new DesiredService(name, List.of(), Map.of(), update, d, true);
    }

    @Test
    void a_job_has_half_an_hour_or_what_its_file_says_and_health_what_its_checks_may_take() {
        var limits = WaitLimits.of(stack(), Optional.empty());

        assertThat(limits.of("import", COMPLETED_SUCCESSFULLY, PATIENCE)).contains(Duration.ofMinutes(30));
        assertThat(limits.of("migrate", COMPLETED_SUCCESSFULLY, PATIENCE)).contains(Duration.ofMinutes(40));
        assertThat(limits.of("migrate", HEALTHY, PATIENCE)).contains(PATIENCE);
        assertThat(limits.rest()).isEmpty();
        assertThat(stack().services().stream().map(Patience::ofJob))
                .containsExactly(Duration.ofMinutes(30), Duration.ofMinutes(40));
    }

    @Test
    void a_whole_time_is_for_all_waits_together_from_the_first_one_on() {
        var limits = WaitLimits.of(stack(), Optional.of(Duration.ofSeconds(10)), time::get);
        time.addAndGet(Duration.ofSeconds(5).toNanos()); // nobody has waited yet

        assertThat(limits.of("migrate", COMPLETED_SUCCESSFULLY, PATIENCE)).contains(Duration.ofSeconds(10));
        time.addAndGet(Duration.ofSeconds(3).toNanos());
        assertThat(limits.of("migrate", HEALTHY, PATIENCE)).contains(Duration.ofSeconds(7));
        time.addAndGet(Duration.ofSeconds(8).toNanos());
        assertThat(limits.rest()).contains(Duration.ZERO);
    }

    @Test
    void a_person_waits_for_ever() {
        assertThat(WaitLimits.forEver().of("migrate", COMPLETED_SUCCESSFULLY, PATIENCE))
                .isEmpty();
    }
}
