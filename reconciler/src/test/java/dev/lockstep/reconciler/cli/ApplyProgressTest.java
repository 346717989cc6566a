package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Step;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ApplyProgressTest {
    private static final Step REMOVE = step(new Operation.RemoveContainer("1", "shop-web-1", Optional.empty(), false));
    private static final Step NETWORK = step(new Operation.RemoveNetwork("shop_default"));

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream err = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    private static Step step(Operation operation) {
        return new Step(operation.name(), operation, List.of(), Set.of(), Map.of());
    }

    private String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void without_a_terminal_each_step_is_one_plain_line() {
        var progress = new ApplyProgress(err, InstantSource.system(), false, 2);
        progress.started(REMOVE);
        progress.finished(new StepResult.Done(REMOVE, Duration.ofMillis(63)));
        progress.waiting(NETWORK, "db service_healthy");
        progress.finished(new StepResult.Failed(NETWORK, "it is \u001b[31min use"));
        progress.end();

        assertThat(text()).isEqualTo("""
                - container shop-web-1 removed 0.06 s
                  container shop_default waits for db service_healthy
                ! network shop_default failed: it is \\u001b[31min use
                """);
    }

    @Test
    void on_a_terminal_the_last_line_says_what_is_being_done_and_goes_away() {
        var progress = new ApplyProgress(err, InstantSource.system(), true, 2);
        progress.started(REMOVE);
        assertThat(text()).endsWith("0/2 shop-web-1");
        progress.finished(new StepResult.Done(REMOVE, Duration.ofMillis(63)));
        progress.end();

        assertThat(text()).endsWith("\r\u001b[K");
    }

    @Test
    void the_summary_counts_what_was_done_and_what_was_not() {
        assertThat(PlanRun.summary(
                        List.of(
                                new StepResult.Done(REMOVE, Duration.ZERO),
                                new StepResult.Failed(NETWORK, "in use"),
                                new StepResult.Skipped(NETWORK, "because")),
                        Duration.ofMillis(1200)))
                .isEqualTo("Not everything was applied: 1 removed, 1 failed, 1 not tried in 1.20 s.");
        assertThat(PlanRun.summary(List.of(new StepResult.Done(REMOVE, Duration.ZERO)), Duration.ofMillis(60)))
                .isEqualTo("Applied: 1 removed in 0.06 s.");
    }
}
