package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.network.Attached;
import dev.lockstep.runtime.network.ObservedAttachment;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.spec.yaml.Problem;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What only one container can have goes from one to another in the right order, or is a problem before anything moves.
 */
class HandOversTest {
    private static final Facts FOLLOWED = new GivenFacts().followed().prune().facts();

    private static String compose(String services) {
        return "services:\n  " + services.replace("; ", "\n  ") + "\n";
    }

    private static Plan plan(String before, String now, Facts facts) {
        return Planner.plan(World.desired(compose(now)), World.running(World.desired(compose(before))), facts);
    }

    private static List<String> problems(Plan plan) {
        return plan.problems().stream().map(Problem::message).toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // a service gets another name
                "web: {image: x, ports: ['80:80']} | front: {image: x, ports: ['80:80']}"
                        + " | container/shop-web-1 | container/shop-front-1",
                // a port goes to another one
                "a: {image: x, ports: ['80:80']}; b: {image: x}"
                        + " | a: {image: x}; b: {image: x, ports: ['127.0.0.1:80:1']}"
                        + " | container/shop-a-1 | container/shop-b-1",
                // against the alphabet
                "b: {image: x, ports: ['80:80/udp']}; a: {image: x} | b: {image: x}; a: {image: x, ports: ['80:1/udp']}"
                        + " | container/shop-b-1 | container/shop-a-1",
                // to one that the giver depends on nothing of, and that comes after it anyway
                "a: {image: x, ports: ['80:80']}; b: {image: x}"
                        + " | a: {image: x}; b: {image: x, ports: ['80:80'], depends_on: [a]}"
                        + " | container/shop-a-1 | container/shop-b-1",
            })
    void one_lets_go_before_another_takes(String before, String now, String first, String second) {
        var plan = plan(before, now, FOLLOWED);

        assertThat(plan.problems()).isEmpty();
        assertThat(plan.steps().stream().map(Step::id)).containsSubsequence(first, second);
        assertThat(plan.steps().stream().filter(step -> step.id().equals(second)))
                .singleElement()
                .satisfies(step -> assertThat(step.after()).contains(first));
    }

    @Test
    void a_name_is_free_when_the_one_that_had_it_is_gone() {
        var plan = plan("web: {image: x, container_name: app}", "front: {image: x, container_name: app}", FOLLOWED);

        assertThat(plan.problems()).isEmpty();
        assertThat(plan.steps()).hasSize(2);
        assertThat(plan.steps().getFirst().operation()).isInstanceOf(Operation.RemoveContainer.class);
        assertThat(plan.steps().getLast().operation()).isInstanceOf(Operation.CreateContainer.class);
        assertThat(plan.steps().getLast().after())
                .containsExactly(plan.steps().getFirst().id());
    }

    @ParameterizedTest
    @CsvSource({"0.6, 0.5, true", "0.6, 0.7, false", "0.7, 0.5, false"})
    void an_address_goes_on_when_it_is_let_go_of(String ofA, String ofB, boolean twoCommits) {
        var stack = """
                services:
                  a: {image: x, networks: {n: {ipv4_address: 10.9.A}}}
                  b: {image: x, networks: {n: {ipv4_address: 10.9.B}}}
                networks: {n: {ipam: {config: [{subnet: 10.9.0.0/24}]}}}
                """;
        var host = attached(
                World.running(World.desired(stack.replace("9.A", "9.0.5").replace("9.B", "9.0.6"))));

        var plan = Planner.plan(
                World.desired(stack.replace("9.A", "9." + ofA).replace("9.B", "9." + ofB)), host, FOLLOWED);

        if (twoCommits) {
            assertThat(problems(plan))
                    .anySatisfy(problem -> assertThat(problem)
                            .contains("has to let go of the address 10.9.0.")
                            .endsWith("make the change in two commits"));
        } else {
            assertThat(plan.problems()).isEmpty();
            var taker = ofA.equals("0.6") ? "a" : "b";
            assertThat(plan.steps().stream().map(Step::id)).endsWith("container/shop-" + taker + "-1");
        }
    }

    /** With links of each container. */
    private static Observed attached(Observed host) {
        var attachments = new HashMap<String, ObservedAttachment>();
        host.containers()
                .forEach(c -> attachments.put(
                        c.id(),
                        new ObservedAttachment(
                                new Attached(c.id(), Path.of("/run/x"), List.of()),
                                true,
                                List.of(),
                                List.of(),
                                List.of())));
        return new Observed(
                host.containers(), new ObservedNetworks(host.networks().networks(), attachments), host.volumes());
    }

    @Test
    void names_that_change_places_take_two_commits() {
        var plan = plan(
                "a: {image: x, container_name: one}; b: {image: x, container_name: two}",
                "a: {image: x, container_name: two}; b: {image: x, container_name: one}",
                FOLLOWED);

        assertThat(problems(plan))
                .singleElement()
                .asString()
                .contains("the name")
                .contains("in two commits");
    }

    @Test
    void what_nobody_lets_go_of_is_a_problem_before_anything_is_done() {
        assertThat(problems(
                        plan("web: {image: x, ports: ['80:80']}", "front: {image: x, ports: ['80:80']}", Facts.none())))
                .containsExactly("port 80/tcp is that of container shop-web-1, which stays though no file names it;"
                        + " --remove-orphans removes it");
        assertThat(problems(plan(
                        "web: {image: x, container_name: app}",
                        "front: {image: x, container_name: app}",
                        Facts.none())))
                .containsExactly("the name app is that of container app, which stays though no file names it;"
                        + " --remove-orphans removes it");
    }

    @Test
    void what_has_to_come_from_one_that_comes_later_takes_two_commits() {
        var plan = plan(
                "web: {image: x, ports: ['80:80'], depends_on: [api]}; api: {image: x}",
                "web: {image: y, depends_on: [api]}; api: {image: y, ports: ['80:80']}",
                FOLLOWED);

        assertThat(problems(plan))
                .containsExactly(
                        "container shop-web-1 has to let go of port 80/tcp before shop-api-1 takes it, and comes"
                                + " after it; make the change in two commits");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a: {image: x, ports: ['127.0.0.1:80:80']} | b: {image: x, ports: ['127.0.0.2:80:80']}",
                "a: {image: x, ports: ['80:80']} | b: {image: x, ports: ['80:80/udp']}",
                "a: {image: x, ports: ['80:80']} | b: {image: x, ports: ['81:80']}",
                "a: {image: x, ports: ['80']} | b: {image: x, ports: ['80:80']}",
            })
    void others_are_left_alone(String one, String other) {
        var plan = plan(one, one + "; " + other, FOLLOWED);

        assertThat(plan.problems()).isEmpty();
        assertThat(plan.steps())
                .singleElement()
                .satisfies(step -> assertThat(step.after()).doesNotContain("container/shop-a-1"));
    }
}
