package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.BlockIo;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.Effective;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.spec.load.EnvironmentFile;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each attribute that plans know, and what a change of it asks for. A new one in {@link ContainerFields} without a row
 * here fails.
 */
class AttributeRowsTest {
    private static final String REPLACE = "-/+";
    private static final String IN_PLACE = "~";

    private static final String PROJECT = """
            services:
              web: {image: x, depends_on: [db]%s}
              db: {image: x, ipc: shareable}
            secrets: {s: {environment: "S"}, t: {environment: "T"}}
            configs: {c: {content: "one"}, d: {content: "two"}}
            volumes: {v: {}, w: {}}
            networks: {default: {}, n: {}}
            """;

    /**
     * Field; one value; another one; what it takes from nothing to the one and back; what it takes from the one to the
     * other; what a hand that changes it on the host takes: nothing where the kernel does not say, or where a container
     * may change it itself.
     */
    private static final String ROWS = """
            entrypoint         | entrypoint: [a]                      | entrypoint: [b]                    | -/+ | -/+ | nothing
            command            | command: [a]                         | command: [b]                       | -/+ | -/+ | nothing
            environment        | environment: {A: b}                  | environment: {A: c}                | -/+ | -/+ | nothing
            user               | user: a                              | user: b                            | -/+ | -/+ | nothing
            working_dir        | working_dir: /a                      | working_dir: /b                    | -/+ | -/+ | nothing
            hostname           | hostname: a                          | hostname: b                        | -/+ | -/+ | nothing
            volumes            | volumes: ['v:/v']                    | volumes: ['w:/v']                  | -/+ | -/+ | nothing
            secrets            | secrets: [s]                         | secrets: [t]                       | -/+ | -/+ | nothing
            configs            | configs: [c]                         | configs: [d]                       | -/+ | -/+ | nothing
            network_mode       | network_mode: host                   | network_mode: none                 | -/+ | -/+ | nothing
            container_name     | container_name: aa                   | container_name: bb                 | -/+ | -/+ | nothing
            domainname         | domainname: a                        | domainname: b                      | -/+ | -/+ | nothing
            annotations        | annotations: {a: b}                  | annotations: {a: c}                | -/+ | -/+ | nothing
            group_add          | group_add: [a]                       | group_add: [b]                     | -/+ | -/+ | nothing
            tty                | tty: true                            | tty: false                         | -/+ | -/+ | nothing
            stdin_open         | stdin_open: true                     | stdin_open: false                  | -/+ | -/+ | nothing
            init               | init: true                           | init: false                        | -/+ | -/+ | nothing
            ulimits            | ulimits: {nofile: 1}                 | ulimits: {nofile: 2}               | -/+ | -/+ | nothing
            oom_score_adj      | oom_score_adj: 5                     | oom_score_adj: 6                   | -/+ | -/+ | nothing
            privileged         | privileged: true                     | privileged: false                  | -/+ | -/+ | nothing
            read_only          | read_only: true                      | read_only: false                   | -/+ | -/+ | nothing
            cap_add            | cap_add: [NET_ADMIN]                 | cap_add: [SYS_TIME]                | -/+ | -/+ | nothing
            cap_drop           | cap_drop: [ALL]                      | cap_drop: [CHOWN]                  | -/+ | -/+ | nothing
            security_opt       | security_opt: ['apparmor=a']         | security_opt: ['apparmor=b']       | -/+ | -/+ | nothing
            pid                | pid: host                            | pid: 'service:db'                  | -/+ | -/+ | nothing
            ipc                | ipc: host                            | ipc: 'service:db'                  | -/+ | -/+ | nothing
            uts                | uts: host                            | tty: false                         | -/+ | -/+ | nothing
            userns_mode        | userns_mode: private                 | userns_mode: host                  | -/+ | -/+ | nothing
            cgroup             | cgroup: host                         | cgroup: private                    | -/+ | -/+ | nothing
            cgroup_parent      | cgroup_parent: /a                    | cgroup_parent: /b                  | -/+ | -/+ | nothing
            runtime            | runtime: crun                        | runtime: runc                      | -/+ | -/+ | nothing
            sysctls            | sysctls: {net.core.somaxconn: 7}     | sysctls: {net.core.somaxconn: 8}   | -/+ | -/+ | nothing
            devices            | devices: ['/dev/a:/dev/a:r']         | devices: ['/dev/a:/dev/a:rw']      | -/+ | -/+ | nothing
            gpus               | gpus: all                            | gpus: [{device_ids: ['1']}]        | -/+ | -/+ | nothing
            device_cgroup_rules | device_cgroup_rules: ['c 1:3 r']    | device_cgroup_rules: ['c 1:3 w']   | -/+ | -/+ | nothing
            shm_size           | shm_size: 1m                         | shm_size: 2m                       | -/+ | -/+ | nothing
            volumes_from       | volumes_from: [db]                   | volumes_from: ['db:ro']            | -/+ | -/+ | nothing
            storage_opt        | storage_opt: {size: 1g}              | storage_opt: {size: 2g}            | -/+ | ~   | drift
            logging            | logging: {driver: none}              | logging: {driver: journald}        | -/+ | -/+ | nothing
            logging.options    | logging: {options: {max-size: 1m}}   | logging: {options: {max-size: 2m}} | ~   | ~   | nothing
            post_start         | post_start: [{command: [a]}]         | post_start: [{command: [b]}]       | -/+ | -/+ | nothing
            pre_stop           | pre_stop: [{command: [a]}]           | pre_stop: [{command: [b]}]         | ~   | ~   | nothing
            extra_hosts        | extra_hosts: ['a=1.2.3.4']           | extra_hosts: ['a=1.2.3.5']         | ~   | ~   | nothing
            dns                | dns: [1.2.3.4]                       | dns: [1.2.3.5]                     | ~   | ~   | nothing
            dns_search         | dns_search: [a]                      | dns_search: [b]                    | ~   | ~   | nothing
            dns_opt            | dns_opt: ['ndots:1']                 | dns_opt: ['ndots:2']               | ~   | ~   | nothing
            ports              | ports: ['80:80']                     | ports: ['81:80']                   | ~   | ~   | nothing
            networks           | networks: [default, n]               | networks: [n]                      | ~   | ~   | nothing
            cpus               | cpus: 0.5                            | cpus: 0.6                          | ~   | ~   | drift
            mem_limit          | mem_limit: 64m                       | mem_limit: 65m                     | ~   | ~   | drift
            mem_reservation    | mem_reservation: 32m                 | mem_reservation: 33m               | ~   | ~   | drift
            pids_limit         | pids_limit: 10                       | pids_limit: 11                     | ~   | ~   | drift
            cpu_quota          | cpu_quota: 5000, cpu_period: 50000   | cpu_quota: 6000, cpu_period: 50000 | ~   | ~   | drift
            cpu_period         | cpu_period: 50000                    | cpu_period: 60000                  | ~   | ~   | drift
            cpu_shares         | cpu_shares: 512                      | cpu_shares: 513                    | ~   | ~   | drift
            cpuset             | cpuset: '0'                          | cpuset: '1'                        | ~   | ~   | drift
            cpu_rt_period      | cpu_rt_period: 5                     | cpu_rt_period: 6                   | -/+ | -/+ | nothing
            cpu_rt_runtime     | cpu_rt_runtime: 5                    | cpu_rt_runtime: 6                  | -/+ | -/+ | nothing
            memswap_limit      | mem_limit: 9m, memswap_limit: 12m    | mem_limit: 9m, memswap_limit: 13m  | ~   | ~   | drift
            mem_swappiness     | mem_swappiness: 7                    | mem_swappiness: 8                  | ~   | ~   | drift
            oom_kill_disable   | oom_kill_disable: true               | oom_kill_disable: false            | ~   | ~   | drift
            blkio_config       | blkio_config: {weight: 300}          | blkio_config: {weight: 301}        | ~   | ~   | drift
            restart            | restart: always                      | restart: on-failure                | ~   | ~   | nothing
            healthcheck        | healthcheck: {test: a}               | healthcheck: {test: b}             | ~   | ~   | nothing
            labels             | labels: {a: b}                       | labels: {a: c}                     | ~   | ~   | nothing
            depends_on         | tty: false                           | tty: false                         | ~   | ~   | nothing
            stop_signal        | stop_signal: SIGINT                  | stop_signal: SIGQUIT               | ~   | ~   | nothing
            stop_grace_period  | stop_grace_period: 1s                | stop_grace_period: 2s              | ~   | ~   | nothing
            """;

    /** One line of the table. */
    record Row(String field, String one, String other, String added, String changed, String hand) {
        static Row of(String line) {
            var cells = Stream.of(line.split("\\|")).map(String::strip).toList();
            return new Row(cells.get(0), cells.get(1), cells.get(2), cells.get(3), cells.get(4), cells.get(5));
        }
    }

    static List<Row> rows() {
        return ROWS.lines().map(Row::of).toList();
    }

    private static String project(String attribute) {
        return PROJECT.replace("%s", attribute.isEmpty() ? "" : ", " + attribute);
    }

    private static Desired desired(String project) {
        return World.desired(Map.of("compose.yaml", project, ".env", "S=one\nT=two\n"), EnvironmentFile.EMPTY);
    }

    private static String text(String wanted, Observed host) {
        return new PlanText(false).print(Planner.plan(desired(wanted), host, Facts.none()));
    }

    private static Observed ran(String project) {
        return World.running(desired(project));
    }

    private static void assertChange(String text, String symbol, String field) {
        assertThat(text).contains(symbol + " container ").contains("          " + field);
        if (symbol.equals(IN_PLACE)) {
            assertThat(text).doesNotContain(REPLACE);
        }
    }

    @Test
    void every_attribute_that_plans_know_has_its_row_and_its_kind_of_change() {
        assertThat(rows().stream().map(Row::field))
                .containsExactlyElementsOf(ContainerFields.ALL.stream()
                        .map(ContainerFields.Field::name)
                        .toList());
        for (var field : ContainerFields.ALL) {
            var row = rows().stream()
                    .filter(r -> r.field().equals(field.name()))
                    .findFirst()
                    .orElseThrow();
            assertThat(row.changed())
                    .as(field.name())
                    .isEqualTo(
                            switch (field.change()) {
                                case REPLACE -> REPLACE;
                                case IN_PLACE, RECORD, VALUE_IN_PLACE -> IN_PLACE;
                            });
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void it_comes_goes_and_changes_and_nothing_else_does(Row row) {
        if (row.field().equals("depends_on")) {
            var with = project("");
            var without = with.replace(", depends_on: [db]", "");
            assertChange(text(with, ran(without)), IN_PLACE, "depends_on: db");
            assertChange(text(without, ran(with)), IN_PLACE, "depends_on: db → (none)");
            return;
        }
        var nothing = project("");
        var one = project(row.one());
        var other = project(row.other());
        assertChange(text(one, ran(nothing)), row.added(), row.field());
        assertChange(text(nothing, ran(one)), row.added(), row.field());
        assertChange(text(other, ran(one)), row.changed(), row.field());
        assertThat(text(one, ran(one))).contains("No changes.");
    }

    @ParameterizedTest
    @MethodSource("rows")
    void a_newer_version_that_fills_in_something_else_changes_nothing(Row row) {
        for (var project : List.of(project(""), project(row.one()))) {
            var host = World.with(ran(project), "shop-web-1", AttributeRowsTest::filledInOtherwise);
            assertThat(text(project, host)).contains("No changes.");
        }
    }

    /** As an earlier version made it, whose defaults were others. */
    private static ObservedContainer filledInOtherwise(ObservedContainer c) {
        var made = c.record().made();
        var earlier = new Effective(
                made.image(),
                "youki",
                List.of("other"),
                Map.of("PATH", "/other", "TERM", "xterm"),
                "other",
                "/other",
                "other",
                List.of("CAP_CHOWN"),
                World.digest("other"),
                "SIGUSR1",
                Duration.ofSeconds(77),
                made.resources(),
                Optional.empty(),
                Map.of("/other", "volume"));
        return new ObservedContainer(
                new ContainerRecord(
                        c.record().id(),
                        c.record().spec(),
                        Optional.of(earlier),
                        c.record().phase(),
                        c.record().createdAt()),
                c.state(),
                c.life(),
                c.limits(),
                c.ports(),
                c.addresses(),
                c.health());
    }

    @ParameterizedTest
    @MethodSource("rows")
    void a_hand_on_the_host_is_put_right_in_place_where_the_kernel_tells(Row row) {
        if (row.hand().equals("nothing")) {
            assertThat(byHand(row.field())).isEmpty();
            return;
        }
        var project = project(row.one());
        var host = row.field().equals("storage_opt")
                ? World.with(ran(project), "shop-web-1", World.storage(3L << 20))
                : World.with(
                        ran(project),
                        "shop-web-1",
                        World.limits(byHand(row.field()).orElseThrow()::apply));
        // The kernel has one pair of numbers for what three attributes say.
        var told = row.field().startsWith("cpu_q") || row.field().startsWith("cpu_p") ? "cpus" : row.field();
        var text = text(project, host);
        assertThat(text).contains("~ container shop-web-1").doesNotContain(REPLACE);
        assertThat(text.lines().filter(line -> line.strip().startsWith(told)))
                .anyMatch(line -> line.endsWith("[changed on the host]"));
    }

    @FunctionalInterface
    private interface Hand {
        Limits apply(Limits limits);
    }

    /** What somebody writes into the cgroup. */
    private static Optional<Hand> byHand(String field) {
        return Optional.ofNullable(
                switch (field) {
                    case "mem_limit" -> l -> with(l, 0, 5L << 20);
                    case "memswap_limit" -> l -> with(l, 1, 6L << 20);
                    case "mem_reservation" -> l -> with(l, 2, 7L << 20);
                    case "cpus", "cpu_quota" -> l -> with(l, 3, 7777);
                    case "cpu_period" -> l -> with(l, 4, 77_777);
                    case "pids_limit" -> l -> with(l, 5, 77);
                    case "cpu_shares" -> l -> with(l, 6, 77);
                    case "mem_swappiness" -> l -> with(l, 7, 77);
                    case "cpuset" -> l -> with(l, 8, 0);
                    case "oom_kill_disable" -> l -> with(l, 9, 0);
                    case "blkio_config" -> l -> with(l, 10, 0);
                    default -> null;
                });
    }

    private static Limits with(Limits l, int which, long value) {
        return new Limits(
                which == 0 ? Optional.of(value) : l.memory(),
                which == 1 ? Optional.of(value) : l.memorySwap(),
                which == 2 ? Optional.of(value) : l.memoryReservation(),
                which == 3 ? Optional.of(value) : l.cpuQuota(),
                which == 4 ? Optional.of(value) : l.cpuPeriod(),
                which == 5 ? Optional.of(value) : l.pids(),
                which == 6 ? Optional.of(value) : l.cpuShares(),
                which == 8 ? Optional.of("7") : l.cpuset(),
                l.realtimePeriod(),
                l.realtimeRuntime(),
                which == 7 ? Optional.of(value) : l.swappiness(),
                which == 9 ? !l.oomKillDisable() : l.oomKillDisable(),
                which == 10
                        ? new BlockIo(Optional.of(777L), Map.of(), Map.of(), Map.of(), Map.of(), Map.of())
                        : l.blockIo());
    }
}
