package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.JobLabel;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.spec.model.Schedule;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A service that runs at times is made like any other, and started when its time has come and not before. */
class JobPlanTest {
    private static final String STACK = """
        services:
          web: {image: "web:1"}
          report:
            image: "web:1"
            environment: {LEVEL: info}
            x-lockstep: {schedule: {cron: "0 0 2 ? * *", zone: Europe/Berlin, missed: run}}
        """;

    private static Plan plan(String compose, Observed host, Wishes wishes) {
        return Planner.plan(
                World.desired(compose),
                host,
                new GivenFacts().followed().prune().wishes(wishes).facts());
    }

    private static Observed host(ContainerState job) {
        return World.with(World.running(World.desired(STACK)), "shop-report-1", World.state(job));
    }

    @Test
    void it_is_made_and_not_started() {
        assertThat(plan(STACK, World.nothing(), Wishes.NONE).steps())
                .extracting(Step::operation)
                .filteredOn(o -> o instanceof Operation.CreateContainer)
                .extracting(o -> o.name() + " " + ((Operation.CreateContainer) o).started())
                .containsExactly("shop-web-1 true", "shop-report-1 false");
    }

    @Test
    void however_it_ended_there_is_nothing_to_do() {
        for (var state :
                List.of(new ContainerState.Created(), World.exited(0), World.exited(3), new ContainerState.Lost())) {
            assertThat(plan(STACK, host(state), Wishes.NONE).steps())
                    .as("%s", state)
                    .isEmpty();
        }
    }

    @Test
    void what_changes_waits_for_the_end_of_a_run() {
        var changed = STACK.replace("info", "debug");

        assertThat(plan(changed, World.running(World.desired(STACK)), Wishes.NONE)
                        .steps())
                .isEmpty();
        assertThat(plan(changed, host(World.exited(0)), Wishes.NONE).steps())
                .singleElement()
                .extracting(s -> ((Operation.ReplaceContainer) s.operation()).started())
                .isEqualTo(false);
    }

    @Test
    void when_its_time_has_come_it_begins_anew_and_nothing_else_does() {
        var due = new Wishes(Set.of("web"), Set.of("report"), false, false, true, false);
        for (var state : List.of(new ContainerState.Created(), World.exited(3))) {
            assertThat(plan(STACK, host(state), due).steps())
                    .singleElement()
                    .extracting(s -> s.id() + " " + ((Operation.ReplaceContainer) s.operation()).started())
                    .isEqualTo("container/shop-report-1 true");
        }
    }

    @Test
    void its_label_says_when() {
        var labels = World.desired(STACK).services().stream()
                .filter(s -> s.name().equals("report"))
                .findFirst()
                .orElseThrow()
                .slots()
                .getFirst()
                .spec()
                .labels();

        assertThat(JobLabel.schedule(labels)).hasValueSatisfying(schedule -> {
            assertThat(schedule.cron().text()).isEqualTo("0 0 2 ? * *");
            assertThat(schedule.zone()).isEqualTo(ZoneId.of("Europe/Berlin"));
            assertThat(schedule.overlap()).isEqualTo(Schedule.Overlap.SKIP);
            assertThat(schedule.missed()).isEqualTo(Schedule.Missed.RUN);
        });
        assertThat(JobLabel.schedule(Map.of("dev.lockstep.schedule", "whenever")))
                .isEqualTo(Optional.empty());
    }
}
