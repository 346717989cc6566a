package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.plan.Cause;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.PartialPlan;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.testing.PlainSpec;
import dev.lockstep.spec.model.ProjectExtension.Ignored;
import dev.lockstep.spec.model.ProjectExtension.Mode;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What counts as drift, and how often the same is put right. */
class DriftTest {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

    private static ContainerSpec spec() {
        return PlainSpec.of("web", "web:1");
    }

    private static Step update(Cause... causes) {
        return new Step(
                "container/shop-web-1",
                new Operation.UpdateContainer("id", spec()),
                List.of(causes),
                Set.of("image/web"),
                Map.of());
    }

    private static Cause drift(String field) {
        return Cause.drift(field, "1", "2");
    }

    @ParameterizedTest(name = "{0} and {1}: {2}")
    @CsvSource({
        "services.web.mem_limit, mem_limit, true",
        "services.web.deploy.resources.limits.memory, mem_limit, true",
        "services.web.deploy, cpus, true",
        "services.web.mem, mem_limit, false",
        "services.app.mem_limit, mem_limit, false",
        "services.web.blkio_config, blkio_config.weight, true",
        "services.web.networks.n, networks.n, true",
    })
    void a_path_means_a_field_and_what_is_below_it(String path, String field, boolean ignored) {
        var rules = new DriftRules(Mode.REPAIR, List.of(path));
        assertThat(rules.isIgnored(update(drift(field)))).isEqualTo(ignored);
        assertThat(rules.isIgnored(update(drift(field), drift("pids_limit"))))
                .as("another field beside it")
                .isEqualTo(ignored && path.endsWith("deploy"));
        assertThat(rules.isIgnored(update(new Cause(Cause.Kind.SPEC, field, "1", "2", Optional.empty()))))
                .as("a file that asks for something else")
                .isFalse();
    }

    @Test
    void what_is_ignored_until_a_day_counts_again_when_the_day_is_over() {
        var ignored = new Ignored("services.web.cpus", Optional.empty(), Optional.of(LocalDate.of(2026, 11, 30)));

        assertThat(ignored.isOver(NOW)).isFalse();
        assertThat(ignored.isOver(Instant.parse("2026-12-01T00:00:01Z"))).isTrue();
    }

    @Test
    void the_same_repair_is_made_five_times_in_ten_minutes() {
        var limit = new RepairLimit();
        var steps = List.of(update(drift("mem_limit")));
        var other = List.of(update(drift("cpus")));
        for (var i = 0; i < 5; i++) {
            assertThat(limit.leave(steps, NOW.plusSeconds(i))).isEmpty();
            limit.made(done(steps), NOW.plusSeconds(i));
        }
        assertThat(limit.leave(steps, NOW.plusSeconds(6))).containsExactly("container/shop-web-1");
        assertThat(limit.leave(steps, NOW.plusSeconds(6000)))
                .as("until a person asks")
                .hasSize(1);
        assertThat(limit.leave(other, NOW.plusSeconds(6))).isEmpty();

        limit.forgive();
        assertThat(limit.leave(steps, NOW.plusSeconds(6))).isEmpty();
    }

    @Test
    void slow_drift_is_put_right_for_ever() {
        var limit = new RepairLimit();
        var steps = List.of(update(drift("mem_limit")));
        for (var i = 0; i < 50; i++) {
            assertThat(limit.leave(steps, NOW.plusSeconds(150L * i))).isEmpty();
            limit.made(done(steps), NOW.plusSeconds(150L * i));
        }
    }

    @Test
    void slow_drift_is_put_right_after_the_clock_was_set_back_too() {
        var limit = new RepairLimit();
        var steps = List.of(update(drift("mem_limit")));
        for (var i = 0; i < 4; i++) {
            limit.made(done(steps), NOW.plusSeconds(150L * i));
        }
        var back = NOW.minus(Duration.ofDays(3));
        assertThat(limit.leave(steps, back)).isEmpty();
        for (var i = 5; i < 50; i++) {
            assertThat(limit.leave(steps, back.plusSeconds(150L * i))).isEmpty();
            limit.made(done(steps), back.plusSeconds(150L * i));
        }
    }

    @Test
    void a_clock_that_is_set_back_again_and_again_makes_no_repair_endless() {
        var limit = new RepairLimit();
        var steps = List.of(update(drift("mem_limit")));
        for (var i = 0; i < 5; i++) {
            assertThat(limit.leave(steps, NOW.minusSeconds(100L * i))).isEmpty();
            limit.made(done(steps), NOW.minusSeconds(100L * i));
        }
        assertThat(limit.leave(steps, NOW.minusSeconds(1000))).hasSize(1);
    }

    @Test
    void what_fails_or_is_not_tried_has_put_nothing_right() {
        var limit = new RepairLimit();
        var step = update(drift("state"));
        for (var i = 0; i < 20; i++) {
            limit.made(
                    List.of(
                            new StepResult.Failed(step, "dependency failed to start"),
                            new StepResult.Skipped(step, "because another was not done")),
                    NOW.plusSeconds(i));
            assertThat(limit.leave(List.of(step), NOW.plusSeconds(i))).isEmpty();
        }
    }

    private static List<StepResult> done(List<Step> steps) {
        return steps.stream()
                .<StepResult>map(step -> new StepResult.Done(step, Duration.ZERO))
                .toList();
    }

    @Test
    void a_plan_without_some_steps_waits_for_none_of_them_and_pulls_nothing_for_them() {
        var pull = new Step(
                "image/web",
                new Operation.PullImage(ImageReference.parse("web:1"), Optional.empty()),
                List.of(),
                Set.of(),
                Map.of());
        var create = new Step(
                "container/shop-app-1", new Operation.CreateContainer(spec(), true), List.of(), Set.of(), Map.of());
        var plan = new Plan(
                "web1",
                "shop",
                Optional.empty(),
                List.of(pull, create, update(drift("cpus"))),
                List.of(),
                List.of(),
                List.of());

        var partial = PartialPlan.without(plan, step -> step.operation() instanceof Operation.CreateContainer);

        assertThat(partial.steps()).extracting(Step::id).containsExactly("container/shop-web-1");
        assertThat(partial.steps().getFirst().after()).isEmpty();
        assertThat(PartialPlan.without(plan, _ -> false)).isSameAs(plan);
    }
}
