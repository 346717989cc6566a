package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.BindSources;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.Life;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.ObservedNetwork;
import dev.lockstep.runtime.network.ObservedNetworks;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlannerTest {
    private static final String SHOP = World.SHOP;

    @Test
    void an_empty_host_gets_everything_in_dependency_order() {
        var plan = World.plan(World.desired(SHOP), World.nothing());

        assertThat(World.text(plan)).isEqualTo("""
            Host web1, stack shop

                + network shop_default
                + volume shop_data
                + container shop-app-1  (app:1, sha256:000000000000)
                + container shop-web-1  (nginx:1, sha256:000000000000, 0.0.0.0:8080->80/tcp)

            Plan: 4 to create, 0 to update in place, 0 to replace, 0 to remove.
            """);
        var web = plan.steps().getLast();
        assertThat(web.after()).contains("container/shop-app-1", "network/shop_default");
    }

    @Test
    void a_host_that_runs_the_stack_needs_nothing() {
        var desired = World.desired(SHOP);

        var plan = World.plan(desired, World.running(desired));

        assertThat(plan.isEmpty()).isTrue();
        assertThat(World.text(plan)).endsWith("No changes. Host web1 runs stack shop as it should.\n");
    }

    @Test
    void planning_twice_gives_the_same_text() {
        var first = World.plan(World.desired(SHOP), World.nothing());
        var second = World.plan(World.desired(SHOP), World.nothing());

        assertThat(World.text(first)).isEqualTo(World.text(second));
    }

    static Stream<Arguments> changes() {
        return Stream.of(
                Arguments.of("LEVEL: info", "LEVEL: debug", """
                      -/+ container shop-app-1  (replaced: down from the old one's end to the new one's start)
                              environment.LEVEL: "info" → "debug"   [compose.yaml:9:14]
                    """),
                Arguments.of("DB_PASSWORD: hunter2-hunter2", "DB_PASSWORD: other-secret", """
                      -/+ container shop-app-1  (replaced: down from the old one's end to the new one's start)
                              environment.DB_PASSWORD: (sensitive) → (sensitive)   [compose.yaml:10:20]
                    """),
                Arguments.of("mem_limit: 128m", "mem_limit: 256m", """
                        ~ container shop-app-1  (in place, it keeps running)
                              mem_limit: 128 MiB → 256 MiB   [compose.yaml:11:16]
                    """),
                Arguments.of("ports: [\"8080:80\"]", "ports: [\"8081:80\"]", """
                        ~ container shop-web-1  (in place, it keeps running)
                              ports: 0.0.0.0:8081->80/tcp   [compose.yaml:4:13]
                              ports: 0.0.0.0:8080->80/tcp → (none)   [compose.yaml:2:3]
                    """),
                Arguments.of("image: nginx:1", "image: nginx:2", """
                      -/+ container shop-web-1  (replaced: down from the old one's end to the new one's start)
                              image: nginx:1 (DIGEST) → nginx:2 (DIGEST)   [compose.yaml:3:12]
                    """),
                Arguments.of("depends_on: [app]", "restart: always", """
                        ~ container shop-web-1  (in place, it keeps running)
                              restart: always   [compose.yaml:5:14]
                              depends_on: app → (none)   [compose.yaml:2:3]
                    """),
                Arguments.of("volumes: [data:/data]", "volumes: [data:/srv]", """
                      -/+ container shop-app-1  (replaced: down from the old one's end to the new one's start)
                              volumes: volume shop_data at /srv   [compose.yaml:12:15]
                              volumes: volume shop_data at /data → (none)   [compose.yaml:6:3]
                    """),
                Arguments.of(
                        "depends_on: [app]", "depends_on: [app]\n    stop_signal: INT\n    stop_grace_period: 1m", """
                            ~ container shop-web-1  (in place, it keeps running)
                                  stop_signal: SIGINT   [compose.yaml:6:18]
                                  stop_grace_period: 1m   [compose.yaml:7:24]
                        """),
                Arguments.of("depends_on: [app]", "depends_on: [app]\n    tmpfs: /run:size=1m", """
                      -/+ container shop-web-1  (replaced: down from the old one's end to the new one's start)
                              volumes: tmpfs at /run size 1 MiB   [compose.yaml:6:12]
                    """),
                Arguments.of(
                        "volumes: [data:/data]", "volumes: [data:/data]\n    tmpfs: [/run]\n    cpu_quota: 50000", """
                          -/+ container shop-app-1  (replaced: down from the old one's end to the new one's start)
                                  volumes: tmpfs at /run   [compose.yaml:13:13]
                                  cpus: 0.5   [compose.yaml:14:16]
                        """),
                Arguments.of("mem_limit: 128m", "mem_limit: 128m\n    network_mode: none", """
                        ~ container shop-app-1  (in place, it keeps running)
                              networks.shop_default: shop_default → (none)   [compose.yaml:6:3]
                    """),
                Arguments.of("depends_on: [app]", "labels: {a: b}", """
                        ~ container shop-web-1  (in place, it keeps running)
                              labels.a: b   [compose.yaml:5:17]
                              depends_on: app → (none)   [compose.yaml:2:3]
                    """));
    }

    @ParameterizedTest
    @MethodSource("changes")
    void one_change_of_the_file_changes_one_container_and_says_why(String before, String after, String expected) {
        var host = World.running(World.desired(SHOP));

        var plan = World.plan(World.desired(SHOP.replace(before, after)), host);

        assertThat(World.text(plan)
                        .replaceAll("sha256:[0-9a-f]{12}", "DIGEST")
                        .lines()
                        .skip(2)
                        .takeWhile(l -> !l.isEmpty())
                        .toList())
                .isEqualTo(expected.lines().toList());
    }

    @Test
    void a_default_that_is_written_down_changes_nothing() {
        var host = World.running(World.desired(SHOP));

        var plan = World.plan(World.desired(SHOP.replace("mem_limit: 128m", """
            mem_limit: 128m
                working_dir: /
                stop_signal: term
                stop_grace_period: 10s\
            """)), host);

        assertThat(plan.steps()).isEmpty();
    }

    @Test
    void a_limit_changed_by_hand_is_drift_and_put_right_in_place() {
        var desired = World.desired(SHOP);
        var host = World.with(
                World.running(desired),
                "shop-app-1",
                World.limits(l -> new Limits(
                        Optional.of(64L << 20),
                        l.memorySwap(),
                        l.memoryReservation(),
                        l.cpuQuota(),
                        l.cpuPeriod(),
                        l.pids())));

        assertThat(World.text(World.plan(desired, host))).contains("""
                ~ container shop-app-1  (in place, it keeps running)
                      mem_limit: 64 MiB → 128 MiB   [changed on the host]
            """);
    }

    @Test
    void rules_of_an_earlier_version_are_renewed_and_nobody_is_said_to_have_changed_them() {
        var desired = World.desired(SHOP);
        var host = World.running(desired);
        var outdated = new ObservedNetworks(
                host.networks().networks().stream()
                        .map(n ->
                                new ObservedNetwork(n.record(), n.bridge(), n.address(), false, true, true, n.names()))
                        .toList(),
                host.networks().containers());

        var plan = World.text(World.plan(desired, new Observed(host.containers(), outdated, host.volumes())));

        assertThat(plan)
                .contains("nftables rules: of an earlier version of Lockstep → of this one\n")
                .doesNotContain("changed on the host");
    }

    @Test
    void the_kernels_rounding_of_memory_to_pages_is_no_drift() {
        var desired = World.desired(SHOP.replace("128m", "134217729"));
        var host = World.with(
                World.running(desired),
                "shop-app-1",
                World.limits(l -> new Limits(
                        Optional.of(128L << 20),
                        l.memorySwap(),
                        l.memoryReservation(),
                        l.cpuQuota(),
                        l.cpuPeriod(),
                        l.pids())));

        assertThat(World.plan(desired, host).isEmpty()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {4 << 10, 16 << 10, 64 << 10})
    void neither_is_that_of_kernels_with_larger_pages_and_of_memory_and_swap_each_on_its_own(long page) {
        var memory = 900_000_000L;
        var desired = World.desired(SHOP.replace("128m", memory + "\n    memswap_limit: " + 2 * memory));
        var rounded = memory / page * page;
        var host = World.with(
                World.running(desired),
                "shop-app-1",
                World.limits(l -> new Limits(
                        Optional.of(rounded),
                        Optional.of(2 * rounded),
                        l.memoryReservation(),
                        l.cpuQuota(),
                        l.cpuPeriod(),
                        l.pids())));

        assertThat(World.text(World.plan(desired, host))).contains("No changes");
    }

    static Stream<Arguments> ends() {
        var plain = Facts.none();
        var followed = new GivenFacts().followed().prune().facts();
        return Stream.of(
                Arguments.of("an exit of its own accord with 0 is completed", "", World.exited(0), plain, ""),
                Arguments.of("completed also where an agent follows", "", World.exited(0), followed, ""),
                Arguments.of("a failure is started again", "", World.exited(3), followed, "exited (3) → running"),
                Arguments.of("\"no\" written down is kept", "restart: \"no\"", World.exited(3), followed, ""),
                Arguments.of(
                        "but a person's apply starts it",
                        "restart: \"no\"",
                        World.exited(3),
                        plain,
                        "exited (3) → running"),
                Arguments.of(
                        "always means always", "restart: always", World.exited(0), followed, "exited (0) → running"),
                Arguments.of("after a reboot", "", new ContainerState.Lost(), plain, "gone"),
                Arguments.of("never started", "", new ContainerState.Created(), plain, "created → running"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ends")
    void what_does_not_run_is_started_or_left(
            String name, String restart, ContainerState state, Facts facts, String expected) {
        var desired = World.desired(SHOP.replace("depends_on: [app]", restart.isEmpty() ? "labels: {}" : restart));
        var host = World.with(World.running(desired), "shop-web-1", World.state(state));

        var text = World.text(Planner.plan(desired, host, facts));

        if (expected.isEmpty()) {
            assertThat(text).contains("No changes.");
        } else {
            assertThat(text).contains("> container shop-web-1  (start)").contains(expected);
        }
    }

    @Test
    void a_container_that_somebody_else_starts_is_left_alone() {
        var desired = World.desired(SHOP);
        var host = World.with(World.running(desired), "shop-web-1", World.state(World.exited(1)));
        var id = host.containers().stream()
                .filter(c -> c.name().equals("shop-web-1"))
                .findFirst()
                .orElseThrow()
                .id();

        var plan = Planner.plan(
                desired,
                host,
                new GivenFacts().followed().prune().leftAlone(Set.of(id)).facts());

        assertThat(plan.isEmpty()).isTrue();
    }

    @Test
    void an_image_that_is_not_here_is_pulled_before_anything_else() {
        var desired = World.desired(
                SHOP,
                reference -> reference.familiar().equals("app:1")
                        ? new Resolution.Remote(World.digest("app"))
                        : World.local(reference));

        var plan = World.plan(desired, World.nothing());

        assertThat(plan.steps().getFirst().id()).isEqualTo("image/docker.io/library/app:1");
        assertThat(plan.steps().stream().skip(1)).allMatch(s -> s.after().contains("image/docker.io/library/app:1"));
        assertThat(PlanText.last(plan)).endsWith("1 image to pull.");
    }

    @Test
    void a_registry_that_is_down_changes_nothing_that_runs() {
        var host = World.running(World.desired(SHOP));
        var desired = World.desired(SHOP, _ -> new Resolution.Unknown("registry docker.io is not reachable"));

        assertThat(World.plan(desired, host).isEmpty()).isTrue();
    }

    @Test
    void mounted_content_that_changes_replaces_who_mounts_it_and_no_other() {
        var compose = SHOP.replace("volumes: [data:/data]", "volumes: [\"./app.conf:/etc/app.conf:ro\"]")
                .replaceAll("volumes:\n.*data:\n", "");
        Optional<String> git = Optional.of("https://git.example/shop");
        var then = World.desired(
                compose,
                World::local,
                source -> new BindSources.Source(Path.of("/content/1"), "shop:app.conf@100644:1111111"),
                git);
        var now = World.desired(
                compose,
                World::local,
                source -> new BindSources.Source(Path.of("/content/2"), "shop:app.conf@100644:2222222"),
                git);

        var plan = World.plan(now, World.running(then));

        assertThat(plan.steps()).singleElement().satisfies(step -> {
            assertThat(step.operation()).isInstanceOf(Operation.ReplaceContainer.class);
            assertThat(step.causes())
                    .singleElement()
                    .satisfies(c -> assertThat(c.kind()).isEqualTo(Cause.Kind.CONTENT));
        });
    }

    @Test
    void scaling_down_removes_the_highest_slots() {
        var three = SHOP.replace("mem_limit: 128m", "deploy: {replicas: 3}");
        var host = World.running(World.desired(three));

        var plan = World.plan(World.desired(three.replace("3", "1")), host);

        assertThat(plan.steps().stream().map(Step::id)).containsExactly("container/shop-app-3", "container/shop-app-2");
    }

    @Test
    void two_containers_in_one_slot_are_the_rest_of_an_interrupted_replacement() {
        var desired = World.desired(SHOP);
        var host = World.running(desired);
        var old = World.running(World.desired(SHOP.replace("LEVEL: info", "LEVEL: debug"))).containers().stream()
                .filter(c -> c.name().equals("shop-app-1"))
                .findFirst()
                .orElseThrow();
        var stale = new ObservedContainer(
                new ContainerRecord(
                        "f".repeat(64),
                        old.record().spec(),
                        old.record().effective(),
                        old.record().phase(),
                        old.record().createdAt()),
                World.exited(0),
                old.life(),
                Optional.empty(),
                List.of(),
                List.of(),
                Optional.empty());
        var both = new Observed(
                Stream.concat(host.containers().stream(), Stream.of(stale)).toList(), host.networks(), host.volumes());

        var plan = World.plan(desired, both);

        assertThat(World.text(plan))
                .contains("- container shop-app-1 (ffffffffffff)  (stop and remove)")
                .contains("left by an interrupted change");
        assertThat(plan.steps()).hasSize(1);
    }

    @Test
    void the_one_that_serves_is_not_taken_away_before_the_one_that_was_to_follow_it_does() {
        var desired = World.desired(SHOP);
        var old = World.running(World.desired(SHOP.replace("LEVEL: info", "LEVEL: debug")));
        var unfinished = World.running(desired).containers().stream()
                .filter(c -> c.name().equals("shop-app-1"))
                .map(c -> new ObservedContainer(
                        new ContainerRecord(
                                "f".repeat(64),
                                c.record().spec(),
                                c.record().effective(),
                                c.record().phase(),
                                c.record().createdAt()),
                        new ContainerState.Created(),
                        c.life(),
                        Optional.empty(),
                        List.of(),
                        List.of(),
                        Optional.empty()));
        var both = new Observed(
                Stream.concat(old.containers().stream(), unfinished).toList(), old.networks(), old.volumes());

        var plan = World.plan(desired, both);

        assertThat(plan.steps().stream().map(Step::operation))
                .satisfiesExactly(
                        left -> assertThat(left)
                                .isInstanceOfSatisfying(
                                        Operation.RemoveContainer.class,
                                        remove -> assertThat(remove.id()).isEqualTo("f".repeat(64))),
                        replace -> assertThat(replace).isInstanceOf(Operation.ReplaceContainer.class));
        assertThat(World.text(plan)).contains("Downtime of app: from the old one's end");
    }

    @Test
    void a_half_removed_container_is_removed_before_another_takes_its_name() {
        var desired = World.desired(SHOP);
        var half = World.with(
                World.running(desired),
                "shop-web-1",
                c -> new ObservedContainer(
                        new ContainerRecord(
                                c.id(),
                                c.record().spec(),
                                c.record().effective(),
                                ContainerRecord.Phase.REMOVING,
                                c.record().createdAt()),
                        World.exited(0),
                        c.life(),
                        Optional.empty(),
                        List.of(),
                        List.of(),
                        Optional.empty()));

        var plan = World.plan(desired, half);

        assertThat(plan.steps().stream().map(Step::operation))
                .hasExactlyElementsOfTypes(Operation.RemoveContainer.class, Operation.CreateContainer.class);
        assertThat(plan.steps().getLast().after())
                .contains(plan.steps().getFirst().id());
    }

    @Test
    void a_secret_of_the_host_never_shows_wherever_it_was_put() {
        var host = World.running(World.desired(SHOP));
        var desired = World.desired(SHOP.replace("LEVEL: info", "LEVEL: \"x s3cr3t-value x\""));

        var plan = Planner.plan(
                desired,
                host,
                new GivenFacts()
                        .secrets(new Secrets(Set.of("s3cr3t-value"), Set.of()))
                        .facts());

        assertThat(World.text(plan)).contains("\"x (sensitive) x\"").doesNotContain("s3cr3t");
    }

    @Test
    void text_from_strangers_cannot_move_the_cursor() {
        var desired = World.desired(SHOP.replace("LEVEL: info", "LEVEL: \"a\\e[2Jb\\nPlan: 0\""));

        var text = World.text(World.plan(desired, World.running(World.desired(SHOP))));

        assertThat(text).contains("\\u001b[2Jb\\u000aPlan: 0").doesNotContain("\u001b");
    }

    @Test
    void a_dependant_that_asks_for_it_restarts_when_what_it_depends_on_is_replaced() {
        var compose =
                SHOP.replace("depends_on: [app]", "depends_on: {app: {condition: service_started, restart: true}}");
        var host = World.running(World.desired(compose));

        var plan = World.plan(World.desired(compose.replace("LEVEL: info", "LEVEL: debug")), host);

        assertThat(plan.steps().stream().map(Step::operation))
                .hasExactlyElementsOfTypes(Operation.ReplaceContainer.class, Operation.RestartContainer.class);
        assertThat(plan.steps().getLast().after()).contains("container/shop-app-1");
    }

    @Test
    void down_takes_containers_and_networks_and_leaves_the_data() {
        var desired = World.desired(SHOP);

        var plan = Planner.plan(
                Desired.nothing(desired.owner()),
                World.running(desired),
                new GivenFacts().prune().facts());

        assertThat(plan.steps().stream().map(Step::id))
                .containsExactly("container/shop-web-1", "container/shop-app-1", "network/shop_default");
        assertThat(plan.steps().get(1).after()).containsExactly("container/shop-web-1");
        assertThat(plan.steps().getLast().after()).hasSize(2);
    }

    @Test
    void a_container_that_a_person_renamed_still_fills_its_place() {
        var desired = World.desired(SHOP);
        var host = World.with(
                World.running(desired),
                "shop-app-1",
                c -> new ObservedContainer(
                        new ContainerRecord(
                                c.id(),
                                c.record().spec().withName("other"),
                                c.record().effective(),
                                c.record().phase(),
                                c.record().createdAt()),
                        c.state(),
                        new Life(
                                c.life().startedAt(),
                                c.life().exit(),
                                true,
                                false,
                                0,
                                0,
                                Duration.ZERO,
                                Optional.empty(),
                                Optional.of("shop-app-1"),
                                Optional.empty()),
                        c.limits(),
                        c.ports(),
                        c.addresses(),
                        c.health()));

        assertThat(Planner.plan(desired, host, Facts.none()).steps()).isEmpty();
        assertThat(Planner.plan(World.desired(SHOP.replace("128m", "64m")), host, Facts.none())
                        .steps())
                .singleElement()
                .extracting(Step::operation)
                .satisfies(o -> assertThat(o.name()).isEqualTo("other"));
        assertThat(Planner.plan(
                                World.desired(SHOP.replace("app:1", "app:1\n    container_name: other")),
                                host,
                                Facts.none())
                        .steps())
                .as("a name that the file has given since")
                .isNotEmpty();
    }
}
