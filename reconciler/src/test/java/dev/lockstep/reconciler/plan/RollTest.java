package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.Rollout;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.Life;
import dev.lockstep.runtime.container.ObservedContainer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** In which order the containers of one service are changed. */
class RollTest {
    private static String web(int replicas, String level, String update) {
        return """
                services:
                  web:
                    image: a
                    environment: {LEVEL: %s}
                    deploy: {replicas: %d%s}
                """.formatted(level, replicas, update.isEmpty() ? "" : ", update_config: {" + update + "}");
    }

    private static Desired of(String compose) {
        return World.desired(compose);
    }

    private static Plan change(int from, int to, String update) {
        return Planner.plan(of(web(to, "new", update)), World.running(of(web(from, "old", update))), Facts.none());
    }

    private static Step step(Plan plan, String name) {
        return plan.steps().stream()
                .filter(s -> s.operation().name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Names of the containers in groups that are changed together, the ones that wait for nobody first. */
    private static List<String> groups(Plan plan) {
        var groups = new ArrayList<String>();
        for (var step : plan.steps()) {
            var index = step.turn().map(turn -> turn.before().size()).orElse(0);
            while (groups.size() <= index) {
                groups.add("");
            }
            groups.set(index, (groups.get(index) + " " + step.operation().name().replaceAll(".*-", "")).strip());
        }
        return groups.stream().filter(group -> !group.isEmpty()).toList();
    }

    @ParameterizedTest(name = "{0} replicas, {1}: {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | '' | [1]",
                "3 | '' | [1, 2, 3]",
                "4 | 'parallelism: 2' | [1 2, 3 4]",
                "5 | 'parallelism: 2' | [1 2, 3 4, 5]",
                "3 | 'parallelism: 0' | [1 2 3]",
            })
    void replicas_are_replaced_in_groups(int replicas, String update, String groups) {
        assertThat(groups(change(replicas, replicas, update)).toString()).isEqualTo(groups.strip());
    }

    @Test
    void a_group_waits_for_those_before_it_as_the_file_says() {
        var plan = change(2, 2, "delay: 7s, monitor: 3s, max_failure_ratio: 0.5");

        var turn = step(plan, "shop-web-2").turn().orElseThrow();
        assertThat(turn.well()).containsExactly("shop-web-1");
        assertThat(turn.before()).containsExactly("container/shop-web-1");
        assertThat(turn.delay()).isEqualTo(Duration.ofSeconds(7));
        assertThat(turn.monitor()).contains(Duration.ofSeconds(3));
        assertThat(turn.mayFail()).isEqualTo(1);
        assertThat(step(plan, "shop-web-2").after()).contains("container/shop-web-1");
        assertThat(new PlanText(false).print(plan)).contains("group 2 of 2");
    }

    @ParameterizedTest
    @CsvSource({"0.29, 100, 29", "0.57, 100, 57", "0.3333, 3, 0", "0.34, 3, 1", "0.1, 10, 1", "1, 7, 7", "0, 7, 0"})
    void as_many_may_fail_as_the_ratio_says_and_no_more(double ratio, int all, int mayFail) {
        var rollout = new Rollout(1, Duration.ZERO, false, Optional.empty(), Optional.empty(), ratio);
        assertThat(rollout.mayFail(all)).isEqualTo(mayFail);
    }

    @Test
    void one_that_does_not_run_is_replaced_before_one_that_serves() {
        var old = World.running(of(web(2, "old", "")));
        var host = World.with(old, "shop-web-2", World.state(World.exited(1)));

        var plan = Planner.plan(of(web(2, "new", "")), host, Facts.none());

        assertThat(step(plan, "shop-web-1").turn().orElseThrow().well()).containsExactly("shop-web-2");
        // Who applies goes through the steps in their order.
        assertThat(plan.steps().stream().map(Step::id))
                .containsSubsequence("container/shop-web-2", "container/shop-web-1");
    }

    @Test
    void new_ones_come_first_and_superfluous_ones_go_last() {
        var more = change(1, 2, "");
        assertThat(step(more, "shop-web-1").turn().orElseThrow().well()).containsExactly("shop-web-2");

        var fewer = change(3, 1, "");
        assertThat(step(fewer, "shop-web-3").operation()).isInstanceOf(Operation.RemoveContainer.class);
        assertThat(step(fewer, "shop-web-3").turn().orElseThrow().well()).containsExactly("shop-web-1");
    }

    @Test
    void the_new_one_starts_first_where_the_file_asks_for_it_and_the_old_one_runs() {
        var plan = change(1, 1, "order: start-first");
        assertThat(((Operation.ReplaceContainer) step(plan, "shop-web-1").operation()).startFirst())
                .isTrue();
        assertThat(new PlanText(false).print(plan)).contains("no downtime");

        var dead = World.with(World.running(of(web(1, "old", ""))), "shop-web-1", World.state(World.exited(1)));
        var replaced = Planner.plan(of(web(1, "new", "order: start-first")), dead, Facts.none());
        assertThat(((Operation.ReplaceContainer) step(replaced, "shop-web-1").operation()).startFirst())
                .isFalse();
    }

    @Test
    void one_that_stands_by_takes_its_name_back_group_by_group() {
        var old = of(web(2, "old", ""));
        var tried = World.running(of(web(2, "new", "")));
        var all = new ArrayList<>(tried.containers());
        World.running(old).containers().forEach(c -> all.add(standingBy(c)));

        var plan = Planner.plan(old, new Observed(all, tried.networks(), tried.volumes()), Facts.none());

        assertThat(plan.steps().stream().map(s -> s.operation().getClass().getSimpleName()))
                .containsExactly("RemoveContainer", "StartContainer", "RemoveContainer", "StartContainer");
        var back = step(plan, "shop-web-1");
        assertThat(((Operation.StartContainer) back.operation()).spec().name()).isEqualTo("shop-web-1");
        // The second one that serves is not taken away before the first has come back.
        assertThat(plan.steps().get(2).turn().orElseThrow().well()).containsExactly("shop-web-1");
        assertThat(new PlanText(false).print(plan)).contains("was tried; the one before it comes back");
    }

    @Test
    void one_that_stands_by_goes_when_the_one_that_was_tried_stays() {
        var tried = of(web(1, "new", ""));
        var all = new ArrayList<>(World.running(tried).containers());
        World.running(of(web(1, "old", ""))).containers().forEach(c -> all.add(standingBy(c)));
        var host = World.running(tried);

        var plan = Planner.plan(tried, new Observed(all, host.networks(), host.volumes()), Facts.none());

        assertThat(plan.steps().stream().map(s -> s.operation().getClass().getSimpleName()))
                .containsExactly("RemoveContainer");
        assertThat(new PlanText(false).print(plan)).contains("stood by while another one was tried");
    }

    @Test
    void one_that_stands_by_is_no_part_of_what_runs() {
        var tried = World.running(of(web(2, "new", "")));
        var all = new ArrayList<>(tried.containers());
        World.running(of(web(2, "old", ""))).containers().forEach(c -> all.add(standingBy(c)));
        var owner = all.getFirst().record().spec().owner();

        var running = StackRevision.running(owner, new Observed(all, tried.networks(), tried.volumes()));

        assertThat(running.orElseThrow().services())
                .singleElement()
                .satisfies(service -> assertThat(service.containers())
                        .extracting(ContainerSpec::name)
                        .containsExactly("shop-web-1", "shop-web-2"));
    }

    private static ObservedContainer standingBy(ObservedContainer container) {
        var spec = container.record().spec();
        var named =
                World.container(spec.withName(KeptName.of(container.record()))).record();
        return new ObservedContainer(
                named,
                World.exited(0),
                // Whoever set it aside has stopped it.
                new Life(
                        Optional.of(World.NOW),
                        Optional.empty(),
                        true,
                        true,
                        0,
                        0,
                        Duration.ZERO,
                        Optional.empty(),
                        Optional.of(spec.name()),
                        Optional.empty()),
                Optional.empty(),
                List.of(),
                List.of(),
                Optional.empty());
    }
}
