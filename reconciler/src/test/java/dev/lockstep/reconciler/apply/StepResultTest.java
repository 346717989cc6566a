package dev.lockstep.reconciler.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.testing.PlainSpec;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What became of a plan, told by its steps. */
class StepResultTest {
    private static final String WHY = "because container shop-a-1 exited (3)";

    private static Step step(String service, String... after) {
        return new Step(
                "container/shop-" + service + "-1",
                new Operation.UpdateContainer("id", PlainSpec.of(service, "x:1")),
                List.of(),
                Set.of(after),
                Map.of());
    }

    private final StepResult done = new StepResult.Done(step("a"), Duration.ZERO);
    private final StepResult held = new StepResult.Skipped(step("b", "container/shop-a-1"), WHY);
    private final StepResult behind =
            new StepResult.Skipped(step("c", "container/shop-b-1"), "because container/shop-b-1 was not done");

    @Test
    void a_rollout_that_was_held_back_is_not_carried_out_and_says_why_once() {
        assertThat(StepResult.obstacles(List.of(done, held, behind))).containsExactly("shop-b-1 was held back, " + WHY);
        assertThat(StepResult.failures(List.of(done, held, behind))).isEmpty();
        assertThat(StepResult.obstacles(List.of(done))).isEmpty();
    }

    @Test
    void what_failed_says_so_itself_and_what_was_broken_off_is_no_fault() {
        var failed = new StepResult.Failed(step("a"), "no such file");

        assertThat(StepResult.obstacles(List.of(failed, held, behind))).containsExactly("shop-a-1: no such file");
        assertThat(StepResult.obstacles(List.of(done, StepResult.Skipped.brokenOff(step("b")), behind)))
                .isEmpty();
    }
}
