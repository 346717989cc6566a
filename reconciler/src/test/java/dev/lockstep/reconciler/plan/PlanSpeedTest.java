package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Planning a host that needs nothing is what an agent does all day. */
class PlanSpeedTest {
    private static final int SERVICES = 200;
    private static final int EACH = 5;

    /** Measured: 21 ms of one core, 38 before the JIT has finished; other work on the machine does not count. */
    @Test
    void a_thousand_containers_that_need_nothing_take_less_than_a_tenth_of_a_second() {
        var compose = new StringBuilder("services:\n");
        for (var i = 0; i < SERVICES; i++) {
            compose.append(
                    "  s%d: {image: 'x:%d', scale: %d, environment: {A: b, C: d}, mem_limit: 64m, labels: {l: m}, "
                            .formatted(i, i % 7, EACH));
            compose.append("volumes: ['data:/data'], healthcheck: {test: a}, command: [run, it], depends_on: [s%d]}\n"
                    .formatted(Math.max(0, i - 1)));
        }
        compose.append("volumes: {data: {}}\n");
        var desired = World.desired(compose.toString().replace(", depends_on: [s0]}\n  s1:", "}\n  s1:"));
        var host = World.running(desired);
        assertThat(host.containers()).hasSize(SERVICES * EACH);
        var best = Long.MAX_VALUE;
        for (var run = 0; run < 20; run++) {
            var clock = ManagementFactory.getThreadMXBean();
            var begin = clock.getCurrentThreadCpuTime();
            assertThat(Planner.plan(desired, host, Facts.none()).isEmpty()).isTrue();
            best = Math.min(best, clock.getCurrentThreadCpuTime() - begin);
        }
        assertThat(Duration.ofNanos(best)).isLessThan(Duration.ofMillis(100));
    }
}
