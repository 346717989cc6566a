package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.network.Attached;
import dev.lockstep.runtime.network.Cidr;
import dev.lockstep.runtime.network.Endpoint;
import dev.lockstep.runtime.network.EndpointAddress;
import dev.lockstep.runtime.network.EndpointOptions;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.ObservedAttachment;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.spec.yaml.Problem;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.function.Consumer;
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

    /** Of two containers with links on one network, and what is asked for there. */
    private static String ends(String a, String b) {
        return """
                services:
                  a: {image: x, networks: {n: {%s}}}
                  b: {image: x, networks: {n: {%s}}}
                networks: {n: {ipam: {config: [{subnet: 10.9.0.0/24}]}}}
                """.formatted(a, b);
    }

    private static Observed running(String stack) {
        return attached(World.running(World.desired(stack)));
    }

    @ParameterizedTest
    @CsvSource({
        "ipv4_address: 10.9.0.5, ipv4_address: 10.9.0.6, ipv4_address: 10.9.0.7",
        "mac_address: 02:00:5e:10:00:05, mac_address: 02:00:5e:10:00:06, mac_address: 02:00:5e:10:00:07"
    })
    void an_address_goes_on_when_it_is_let_go_of(String one, String other, String third) {
        var toA = Planner.plan(World.desired(ends(other, third)), running(ends(one, other)), FOLLOWED);
        var toB = Planner.plan(World.desired(ends(third, one)), running(ends(one, other)), FOLLOWED);

        assertThat(toA.problems()).isEmpty();
        assertThat(toB.problems()).isEmpty();
        assertThat(toA.steps().stream().map(Step::id)).containsExactly("container/shop-b-1", "container/shop-a-1");
        assertThat(toB.steps().stream().map(Step::id)).containsExactly("container/shop-a-1", "container/shop-b-1");
    }

    @ParameterizedTest
    @CsvSource({
        "ipv4_address: 10.9.0.5, ipv4_address: 10.9.0.6",
        "mac_address: 02:00:5e:10:00:05, mac_address: 02:00:5e:10:00:06"
    })
    void addresses_change_places_by_way_of_a_container_without_one(String one, String other) {
        var plan = Planner.plan(World.desired(ends(other, one)), running(ends(one, other)), FOLLOWED);

        changesPlaces(plan, spec -> assertThat(spec.networks()).isEmpty());
    }

    @Test
    void an_address_that_was_given_changes_places_with_one_that_was_asked_for() {
        var host = running(ends("", "ipv4_address: 10.9.0.5"));
        var a = host.containers().stream()
                .filter(c -> c.name().equals("shop-a-1"))
                .findFirst()
                .orElseThrow();
        var attachments = new HashMap<>(host.networks().containers());
        attachments.put(a.id(), given(a.id(), "10.9.0.2"));
        var plan = Planner.plan(
                World.desired(ends("ipv4_address: 10.9.0.5", "ipv4_address: 10.9.0.2")),
                new Observed(
                        host.containers(),
                        new ObservedNetworks(host.networks().networks(), attachments),
                        host.volumes()),
                FOLLOWED);

        changesPlaces(plan, spec -> assertThat(spec.networks()).isEmpty());
    }

    /** On the network n, with an address that nobody asked for. */
    private static ObservedAttachment given(String container, String address) {
        var place =
                new EndpointAddress(IpAddress.parse(address), Cidr.parse("10.9.0.0/24"), IpAddress.parse("10.9.0.1"));
        var end = new Endpoint(
                "shop_n",
                List.of(),
                List.of(place),
                false,
                "02:42:0a:09:00:02",
                "eth0",
                "lv",
                0,
                EndpointOptions.NONE,
                false,
                false);
        return new ObservedAttachment(
                new Attached(container, Path.of("/run/x"), List.of(end)), true, List.of(), List.of(), List.of());
    }

    @Test
    void ports_change_places_by_way_of_a_container_without_one() {
        var services = "a: {image: x, ports: ['A:80', '90:90']}; b: {image: x, ports: ['B:80/tcp']}";
        var plan = plan(
                services.replace("A", "80").replace("B", "81"),
                services.replace("A", "81").replace("B", "80"),
                FOLLOWED);

        changesPlaces(
                plan,
                spec -> assertThat(spec.ports())
                        .allMatch(port -> port.containerPort() == 90)
                        .hasSize(1));
    }

    /** The first lets go, the second has what it is to have, and then the first. */
    private static void changesPlaces(Plan plan, Consumer<ContainerSpec> without) {
        assertThat(plan.problems()).isEmpty();
        assertThat(plan.steps().stream().map(Step::id))
                .containsExactly("container/shop-a-1/before", "container/shop-b-1", "container/shop-a-1");
        var steps = plan.steps();
        assertThat(steps.get(0).operation())
                .isInstanceOfSatisfying(Operation.UpdateContainer.class, update -> without.accept(update.spec()));
        // Whoever only puts right what changed on the host does not do the one without the other.
        assertThat(steps.get(0).causes()).extracting(Cause::kind).containsOnly(Cause.Kind.SPEC);
        assertThat(steps.get(1).after()).contains(steps.get(0).id());
        assertThat(steps.get(2).after()).contains(steps.get(1).id());
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
    void who_comes_later_lets_go_of_what_is_needed_before() {
        var plan = plan(
                "web: {image: x, ports: ['80:80'], depends_on: [api]}; api: {image: x}",
                "web: {image: y, depends_on: [api]}; api: {image: y, ports: ['80:80']}",
                FOLLOWED);

        assertThat(plan.problems()).isEmpty();
        assertThat(plan.steps().stream().map(Step::id))
                .containsSubsequence("container/shop-web-1/before", "container/shop-api-1", "container/shop-web-1");
    }

    @Test
    void who_does_not_run_lets_go_of_no_address_beforehand() {
        var one = "ipv4_address: 10.9.0.5";
        var other = "ipv4_address: 10.9.0.6";
        var host = World.with(running(ends(one, other)), "shop-a-1", World.state(new ContainerState.Lost()));

        assertThat(problems(Planner.plan(World.desired(ends(other, one)), host, FOLLOWED)))
                .singleElement()
                .asString()
                .contains("has to let go of the address 10.9.0.5 of network shop_n")
                .endsWith("make the change in two commits");
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
