package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.settings.Guard;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an agent's plan must not do by itself. */
class GuardsTest {
    private static final String BEFORE = """
        services:
          web: {image: "web:1", deploy: {replicas: 2}}
          app: {image: "app:1"}
          db: {image: "db:1", volumes: ["data:/data", "./conf:/conf:ro", "./out:/out"]}
        volumes: {data: {}, other: {}}
        """;

    private static Plan plan(String after, Observed host) {
        return Planner.plan(
                World.desired(after), host, new GivenFacts().followed().prune().facts());
    }

    private static List<Guards.Finding> findings(String after, Observed host, Optional<String> rewritten) {
        return new Guards(plan(after, host), host, rewritten).find();
    }

    private static List<Guard> guards(String after) {
        return findings(after, World.running(World.desired(BEFORE)), Optional.empty()).stream()
                .map(Guards.Finding::guard)
                .toList();
    }

    private static String without(String service) {
        return BEFORE.replaceFirst("(?m)^  " + service + ": .*\n", "");
    }

    @Test
    void stacks_that_go_at_once_are_counted_together() {
        var all = new ArrayList<ObservedContainer>();
        for (var stack : new String[] {"a", "b", "c", "d"}) {
            all.addAll(World.running(World.desired("name: " + stack + "\nservices: {x: {image: i}, y: {image: i}}"))
                    .containers());
        }
        var host = new Observed(all, World.nothing().networks(), World.nothing().volumes());

        assertThat(Guards.together(host, Set.of("a", "b", "c")))
                .hasValueSatisfying(finding -> assertThat(finding.sentence())
                        .isEqualTo("the stacks that go together, a, b, c, have 6 of the 8 containers of this host"));
        assertThat(Guards.together(host, Set.of("a", "b")))
                .as("half is not more than half")
                .isEmpty();
        assertThat(Guards.together(host, Set.of("a"))).isEmpty();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "another image    | app:1              | app:2                |",
                "fewer replicas   | replicas: 2        | replicas: 1          |",
                "no mounted file  | , \"./conf:/conf:ro\" |                   |",
                "no directory     | , \"./out:/out\"   |                      |",
                "a service as job | db: {              | base: {              |",
                "another volume   | data:/data         | other:/data          | DATA",
                "no volume        | \"data:/data\",    |                      | DATA",
            })
    void what_changes_and_what_is_held(String what, String from, String to, String expected) {
        var after = BEFORE.replace(from, to == null ? "" : to.replace("\\n", "\n"));
        assertThat(after).isNotEqualTo(BEFORE);
        assertThat(guards(after)).hasToString(expected == null ? "[]" : "[" + expected + "]");
    }

    @Test
    void a_service_without_data_goes_by_itself_and_one_with_data_does_not() {
        assertThat(guards(without("app"))).isEmpty();
        assertThat(guards(without("db"))).containsExactly(Guard.DATA);
        var host = World.running(World.desired(BEFORE));
        assertThat(findings(without("db"), host, Optional.empty()))
                .singleElement()
                .extracting(Guards.Finding::sentence)
                .isEqualTo("shop-db-1 has directory /src/out, volume shop_data, and nothing would use that any more"
                        + " (it stays on the host)");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "the service goes   |                                                      | true",
                "another name       | base: {image: 'db:1', volumes: [/data]}              | true",
                "a volume instead   | db: {image: 'db:1', volumes: ['other:/data']}        | true",
                "another image      | db: {image: 'db:2', volumes: [/data], scale: 2}      | false",
                "fewer of them      | db: {image: 'db:1', volumes: [/data], scale: 1}      | false",
            })
    void a_volume_without_a_name_is_data_too(String what, String db, boolean held) {
        var stack = "services:\n  web: {image: 'web:1'}\n  DB\nvolumes: {other: {}}\n";
        var host = World.running(World.desired(stack.replace("DB", "db: {image: 'db:1', volumes: [/data], scale: 2}")));

        var found = findings(stack.replace("DB", db == null ? "" : db), host, Optional.empty());

        assertThat(found.stream().map(Guards.Finding::guard).toList()).hasToString(held ? "[DATA]" : "[]");
        if (held) {
            assertThat(found.getFirst().sentence()).contains("shop-db-1 has its own volume at /data");
        }
    }

    @Test
    void nothing_is_left_of_a_stack() {
        var host = World.running(World.desired("services: {app: {image: \"app:1\"}}\n"));

        assertThat(findings("services: {}\n", host, Optional.empty()))
                .containsExactly(new Guards.Finding(
                        Guard.LAST_SERVICE, "it removes the last service of stack shop: shop-app-1"));
        assertThat(findings("services: {other: {image: \"app:1\"}}\n", host, Optional.empty()))
                .as("a service with another name is no end")
                .isEmpty();
    }

    @Test
    void more_than_half_of_the_host_is_counted_without_what_nobody_follows() {
        var host = World.running(World.desired(BEFORE));
        var after = without("web").replaceFirst("(?m)^  app: .*\n", "");

        assertThat(findings(after, host, Optional.empty()))
                .containsExactly(new Guards.Finding(
                        Guard.MOST_OF_HOST,
                        "it removes 3 of the 4 containers of this host: shop-app-1, shop-web-1, shop-web-2"));
        assertThat(findings(after, with(host, 2, "other"), Optional.empty()))
                .as("3 of 6 are half")
                .isEmpty();
        assertThat(findings(after, with(host, 20, ""), Optional.empty()))
                .as("containers of no stack")
                .hasSize(1);
    }

    private static ContainerSpec spec(ContainerSpec s, String name, String stack) {
        return new ContainerSpec(
                name,
                new Owner("web1", stack, Optional.empty()),
                s.service(),
                s.slot(),
                s.image(),
                s.digest(),
                s.entrypoint(),
                s.command(),
                s.environment(),
                s.user(),
                s.workingDir(),
                s.hostname(),
                s.labels(),
                s.mounts(),
                s.networks(),
                s.ports(),
                s.resources(),
                s.restart(),
                s.healthCheck(),
                s.stopSignal(),
                s.stopGrace(),
                s.options());
    }

    private static Observed with(Observed host, int count, String stack) {
        var all = new ArrayList<>(host.containers());
        for (var i = 0; i < count; i++) {
            var like = host.containers().getFirst();
            var spec = spec(like.record().spec(), "other-" + i, stack);
            all.add(new ObservedContainer(
                    new ContainerRecord(
                            "%064x".formatted(i),
                            spec,
                            like.record().effective(),
                            like.record().phase(),
                            World.NOW),
                    like.state(),
                    like.life(),
                    like.limits(),
                    like.ports(),
                    like.addresses(),
                    like.health()));
        }
        return new Observed(all, host.networks(), host.volumes());
    }

    @Test
    void a_branch_that_was_moved_back_removes_nothing_by_itself() {
        var host = World.running(World.desired(BEFORE));
        var moved = Optional.of("commit 1234567");

        assertThat(findings(without("app"), host, moved))
                .extracting(Guards.Finding::guard)
                .containsExactly(Guard.REWRITTEN);
        assertThat(findings(BEFORE.replace("app:1", "app:2"), host, moved)).isEmpty();
    }

    @Test
    void an_id_is_of_what_a_plan_does_and_no_other_plan_has_it() {
        var host = World.running(World.desired(BEFORE));
        var id = PlanId.of(plan(without("db"), host), List.of(Guard.DATA));

        assertThat(PlanId.of(plan(without("db"), host), List.of(Guard.DATA))).isEqualTo(id);
        assertThat(PlanId.of(plan(without("db"), host), List.of(Guard.DATA, Guard.REWRITTEN)))
                .isNotEqualTo(id);
        assertThat(PlanId.of(plan(without("app"), host), List.of(Guard.DATA))).isNotEqualTo(id);
        assertThat(PlanId.of(plan(without("db").replace("app:1", "app:2"), host), List.of(Guard.DATA)))
                .isNotEqualTo(id);
    }

    @Test
    void an_id_is_of_all_that_a_container_that_is_made_is_to_be() {
        var host = World.running(World.desired(BEFORE));
        var more = without("db").replace("  app:", "  more: {image: 'more:1', command: sleep 1}\n  app:");
        var id = PlanId.of(plan(more, host), List.of(Guard.DATA));

        assertThat(PlanId.of(plan(more, host), List.of(Guard.DATA))).isEqualTo(id);
        assertThat(List.of("command: sleep 2", "command: sleep 1, privileged: true", "command: sleep 1, pid: host"))
                .allSatisfy(other -> assertThat(
                                PlanId.of(plan(more.replace("command: sleep 1", other), host), List.of(Guard.DATA)))
                        .isNotEqualTo(id));
    }
}
