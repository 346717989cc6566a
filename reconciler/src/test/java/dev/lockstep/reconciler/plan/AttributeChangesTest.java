package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.container.BlockIo;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.ImageReference;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a change of each attribute asks for: added, taken away, and left as it is. */
class AttributeChangesTest {
    private static final String REST = """
              db: {image: x, ipc: shareable}
            secrets: {s: {environment: "S"}}
            configs: {c: {content: "one"}, d: {content: "two"}}
            volumes: {data: {}}
            """;

    private static String project(String attribute) {
        return "services:\n  web: {image: x, depends_on: [db]" + (attribute.isEmpty() ? "" : ", " + attribute) + "}\n"
                + REST;
    }

    private static String plan(String before, String after) {
        return new PlanText(false)
                .print(Planner.plan(
                        World.desired(project(after)), World.running(World.desired(project(before))), Facts.none()));
    }

    @Test
    void words_that_differ_in_quoting_alone_are_other_words() {
        assertThat(plan("command: ['a b']", "command: ['\"a', 'b\"']"))
                .contains("command: [\"a b\"] → [\"\\\"a\" \"b\\\"\"]");
        assertThat(plan("command: ['a b', c]", "command: ['a b\" \"c']"))
                .contains("command: [\"a b\" c] → [\"a b\\\" \\\"c\"]");
    }

    @Test
    void a_mounted_image_is_the_same_by_another_name_and_another_by_other_files() {
        var mount = "volumes: [{type: image, source: 'models:1', target: /models}]";
        var host = World.running(World.desired(project(mount)));

        var renamed = World.desired(
                project(mount.replace("models:1", "models:stable")),
                reference -> World.local(
                        reference.familiar().equals("models:stable") ? ImageReference.parse("models:1") : reference));
        assertThat(World.text(Planner.plan(renamed, host, Facts.none()))).contains("No changes");
        assertThat(plan(mount, mount.replace("models:1", "models:2"))).contains("volumes: image models:1 (sha256:");
        assertThat(plan(mount, mount.replace("target", "image: {subpath: large}, target")))
                .contains("path large at /models");
    }

    @Test
    void what_a_hook_gets_is_shown_as_what_the_container_gets_and_nothing_tells_of_a_secret() {
        var before = "pre_stop: [{command: [x], environment: {DB_PASSWORD: 4711, LEVEL: info}}]";
        var after = "pre_stop: [{command: [x], environment: {DB_PASSWORD: 4712, LEVEL: debug}}]";

        assertThat(plan(before, after))
                .contains(
                        "pre_stop.0.environment.DB_PASSWORD: (sensitive) → (sensitive)   [compose.yaml:2:",
                        "pre_stop.0.environment.LEVEL: \"info\" → \"debug\"   [compose.yaml:2:")
                .doesNotContain("sha256", "4711", "4712");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "container_name: own                                | -/+ | container_name: shop-web-1 → own",
                "domainname: example.org                            | -/+ | domainname: example.org",
                "annotations: {a: b}                                | -/+ | annotations.a: b",
                "group_add: [docker]                                | -/+ | group_add: [docker]",
                "tty: true                                          | -/+ | tty: true",
                "stdin_open: true                                   | -/+ | stdin_open: true",
                "init: true                                         | -/+ | init: true",
                "ulimits: {nofile: {soft: 1, hard: 2}}              | -/+ | ulimits.nofile: 1:2",
                "oom_score_adj: 5                                   | -/+ | oom_score_adj: 5",
                "privileged: true                                   | -/+ | privileged: true",
                "read_only: true                                    | -/+ | read_only: true",
                "cap_add: [NET_ADMIN]                               | -/+ | cap_add: [NET_ADMIN]",
                "cap_drop: [ALL]                                    | -/+ | cap_drop: [ALL]",
                "security_opt: ['no-new-privileges:true']           | -/+ | security_opt.no-new-privileges: true",
                "security_opt: ['seccomp=unconfined']               | -/+ | security_opt.seccomp: unconfined",
                "security_opt: ['apparmor=web']                     | -/+ | security_opt.apparmor: web",
                "security_opt: ['label=disable']                    | -/+ | security_opt.label: disable",
                "security_opt: ['systempaths=unconfined']           | -/+ | security_opt.systempaths: unconfined",
                "pid: host                                          | -/+ | pid: host",
                "pid: 'service:db'                                  | -/+ | pid: container:shop-db-1",
                "ipc: 'service:db'                                  | -/+ | ipc: container:shop-db-1",
                "uts: host                                          | -/+ | uts: host",
                "cgroup: private                                    | -/+ | cgroup: private",
                "cgroup_parent: /x                                  | -/+ | cgroup_parent: /x",
                "network_mode: host                                 | -/+ | network_mode: host",
                "network_mode: 'service:db'                         | -/+ | network_mode: container:shop-db-1",
                "runtime: crun                                      | -/+ | runtime: crun",
                "sysctls: {net.core.somaxconn: 7}                   | -/+ | sysctls.net.core.somaxconn: 7",
                "devices: ['/dev/a:/dev/b:r']                       | -/+ | devices: /dev/a at /dev/b r",
                "gpus: all                                          | -/+ | gpus: [nvidia.com/gpu=all]",
                "device_cgroup_rules: ['c 1:3 r']                   | -/+ | device_cgroup_rules: [\"c 1:3 r\"]",
                "shm_size: 1m                                       | -/+ | shm_size: 1 MiB",
                "volumes_from: ['db:ro']                            | -/+ | volumes_from: [shop-db-1:ro]",
                "storage_opt: {size: 1g}                            | -/+ | storage_opt.size: 1 GiB",
                "configs: [c]                                       | -/+ | configs.c: at /c mode 444",
                "post_start: [{command: [x]}]                       | -/+ | post_start.0: [x]",
                "cpu_rt_runtime: 5                                  | -/+ | cpu_rt_runtime: 5",
                "cpu_rt_period: 5                                   | -/+ | cpu_rt_period: 5",
                "deploy: {restart_policy: {delay: 5s, window: 2m}}  | ~   | restart: always delay 5s window 2m",
                "pre_stop: [{command: [x], user: a}]                | ~   | pre_stop.0: [x] as a",
                "extra_hosts: ['a=1.2.3.4']                         | ~   | extra_hosts.a: 1.2.3.4",
                "cpu_shares: 512                                    | ~   | cpu_shares: 512",
                "cpuset: '0'                                        | ~   | cpuset: 0",
                "cpu_period: 50000                                  | ~   | cpu_period: 50000",
                "mem_swappiness: 7                                  | ~   | mem_swappiness: 7",
                "oom_kill_disable: true                             | ~   | oom_kill_disable: true",
                "blkio_config: {weight: 300}                        | ~   | blkio_config.weight: 300",
            })
    void it_is_replaced_or_changed_in_place(String attribute, String symbol, String line) {
        var added = plan("", attribute);
        assertThat(added).contains(symbol + " container ").contains(line);
        assertThat(plan(attribute, "")).contains(symbol + " container ");
        assertThat(plan(attribute, attribute)).contains("No changes.");
    }

    @Test
    void what_was_so_by_default_changes_nothing() {
        assertThat(plan("", "shm_size: 64m, oom_score_adj: 0, runtime: runc")).contains("No changes.");
    }

    @Test
    void another_limit_of_what_is_written_is_a_change_in_place_and_so_is_one_that_somebody_set() {
        assertThat(plan("storage_opt: {size: 1g}", "storage_opt: {size: 2g}"))
                .contains("~ container shop-web-1", "storage_opt.size: 1 GiB → 2 GiB");
        assertThat(plan("storage_opt: {size: 1g}", "")).contains("-/+ container shop-web-1");
        var desired = World.desired(project("storage_opt: {size: 1g}"));
        for (var other : Map.of(0L, "unlimited", 3L << 20, "3 MiB").entrySet()) {
            var host = World.with(World.running(desired), "shop-web-1", World.storage(other.getKey()));
            assertThat(new PlanText(false).print(Planner.plan(desired, host, Facts.none())))
                    .contains("~ container shop-web-1", "storage_opt.size: " + other.getValue() + " → 1 GiB");
        }
        var asTold = World.with(World.running(desired), "shop-web-1", World.storage(1L << 30));
        assertThat(new PlanText(false).print(Planner.plan(desired, asTold, Facts.none())))
                .contains("No changes.");
    }

    @Test
    void another_content_is_told_and_not_shown() {
        var before = World.desired(project("configs: [{source: c, target: /x}]"));
        var after = World.desired(project("configs: [{source: d, target: /x}]"));
        assertThat(new PlanText(false).print(Planner.plan(after, World.running(before), Facts.none())))
                .contains("configs.d: at /x", "-/+ container shop-web-1");
    }

    @Test
    void what_shares_with_a_replaced_one_is_replaced_after_it() {
        var before = World.desired(project("network_mode: 'service:db'"));
        var after = World.desired(project("network_mode: 'service:db'").replace("db: {image: x", "db: {image: y"));
        var plan = Planner.plan(after, World.running(before), Facts.none());
        assertThat(new PlanText(false).print(plan))
                .contains("-/+ container shop-web-1")
                .contains("shares with container shop-db-1, which is replaced");
        var web = plan.steps().stream()
                .filter(step -> step.id().equals("container/shop-web-1"))
                .findFirst()
                .orElseThrow();
        assertThat(web.after()).contains("container/shop-db-1");
    }

    @Test
    void what_is_in_a_namespace_of_an_earlier_run_is_restarted() {
        var desired = World.desired(project("pid: 'service:db'"));
        var host = World.with(
                World.running(desired),
                "shop-web-1",
                c -> new ObservedContainer(
                        c.record(),
                        c.state(),
                        c.life(),
                        c.limits(),
                        c.ports(),
                        c.addresses(),
                        c.health(),
                        List.of("shop-db-1"),
                        Optional.empty()));
        assertThat(new PlanText(false).print(Planner.plan(desired, host, Facts.none())))
                .contains("container shop-web-1")
                .contains("in a namespace of an earlier run of container shop-db-1");
        var ended = World.with(host, "shop-web-1", World.state(new ContainerState.Created()));
        assertThat(new PlanText(false).print(Planner.plan(desired, ended, Facts.none())))
                .doesNotContain("earlier run");
    }

    /** An empty volume would be filled by the next container, and not by this one. */
    @Test
    void whether_a_volume_takes_the_content_of_the_image_is_compared() {
        for (var volume : List.of("source: data, ", "")) {
            var without = "volumes: [{type: volume, " + volume + "target: /data}]";
            var with = "volumes: [{type: volume, " + volume + "target: /data, volume: {nocopy: true}}]";
            assertThat(plan(without, with)).contains("-/+ container shop-web-1").contains(" at /data nocopy");
            assertThat(plan(with, without)).contains("-/+ container shop-web-1").contains(" at /data nocopy → ");
            assertThat(plan(with, with)).contains("No changes.");
        }
    }

    /** Of what two of them have at the same place the later one's is mounted. */
    @Test
    void whose_volumes_are_taken_first_is_compared() {
        var one = "volumes_from: [db, 'container:other']";
        var other = "volumes_from: ['container:other', db]";
        assertThat(plan(one, other))
                .contains("-/+ container shop-web-1")
                .contains("volumes_from: [shop-db-1 other] → [other shop-db-1]");
        assertThat(plan(one, one)).contains("No changes.");
    }

    @Test
    void each_further_limit_that_a_hand_changed_is_drift() {
        var desired = World.desired(project(""));
        var host = World.with(
                World.running(desired),
                "shop-web-1",
                World.limits(l -> new Limits(
                        l.memory(),
                        l.memorySwap(),
                        l.memoryReservation(),
                        l.cpuQuota(),
                        l.cpuPeriod(),
                        l.pids(),
                        Optional.of(7L),
                        Optional.of("0"),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(3L),
                        true,
                        new BlockIo(Optional.empty(), Map.of(), Map.of("7:0", 5L), Map.of(), Map.of(), Map.of()))));
        assertThat(new PlanText(false).print(Planner.plan(desired, host, Facts.none())))
                .contains(
                        "cpu_shares: 7 → 1024   [changed on the host]",
                        "cpuset: 0 → all   [changed on the host]",
                        "mem_swappiness: 3 → the host's   [changed on the host]",
                        "oom_kill_disable: true → false   [changed on the host]",
                        "blkio_config.device_read_bps: 7:0 5 → unlimited   [changed on the host]");
    }
}
