package dev.lockstep.spec.settings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.model.CronExpression;
import dev.lockstep.spec.policy.Allowance;
import dev.lockstep.spec.policy.PolicyLayer;
import dev.lockstep.spec.policy.Subject;
import dev.lockstep.spec.settings.RepositorySettings.Read;
import dev.lockstep.spec.yaml.Problem;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RepositorySettingsTest {
    private static Read read(String text) {
        return RepositorySettings.read("lockstep.yaml", text.getBytes(StandardCharsets.UTF_8));
    }

    private static RepositorySettings settings(String text) {
        return switch (read(text)) {
            case Read.Valid(var settings, var unused) -> settings;
            case Read.Invalid(var errors, var unused) -> throw new AssertionError(errors);
        };
    }

    private static List<String> errors(String text) {
        return switch (read(text)) {
            case Read.Valid valid -> throw new AssertionError(valid);
            case Read.Invalid(var errors, var unused) ->
                errors.stream().map(Problem::toString).toList();
        };
    }

    @Test
    void an_empty_file_says_nothing() {
        assertThat(settings("")).isEqualTo(RepositorySettings.NONE);
        assertThat(settings("# later\n")).isEqualTo(RepositorySettings.NONE);
    }

    @Test
    void a_file_with_everything_is_read() {
        var settings = settings("""
                hosts:
                  web1: {labels: {role: web, rack: 2}}
                  db1: {labels: [role=db], suspend: new disks until Friday}
                stacks:
                  shop:
                    hosts: web*
                    labels: {role: web}
                    after: [database]
                    windows: [night]
                    policy: {privileged: false, capabilities: []}
                  database: {hosts: [db1], suspend: true}
                windows:
                  night: {opens: "0 0 2 ? * mon-fri", duration: 3h, zone: Europe/Berlin}
                builds:
                  app:
                    image: registry.example.com:5000/shop/app
                    tags: ["{{version}}", "{{major}}.{{minor}}", latest]
                    context: ./app
                    dockerfile: docker/Dockerfile
                    target: run
                    args: {LEVEL: 3}
                    secrets: {npmrc: npm, token: }
                    platforms: [linux/amd64, linux/arm/v7]
                    reproducible: true
                    when: {tags: "v*", branches: [main]}
                    labels: {role: build}
                policy:
                  host-namespaces: [network]
                  capabilities: [cap_net_admin]
                  bind-sources: [/srv]
                  published-addresses: [127.0.0.1, 10.0.0.0/8]
                  registries: [registry.example.com:5000]
                suspend: false
                """);

        assertThat(settings.hosts())
                .isEqualTo(Map.of(
                        "web1", new HostEntry(Map.of("role", "web", "rack", "2"), Optional.empty()),
                        "db1",
                                new HostEntry(
                                        Map.of("role", "db"),
                                        Optional.of(new Suspension(Optional.of("new disks until Friday"))))));
        assertThat(settings.stack("shop").placement())
                .isEqualTo(new HostSelector(List.of("web*"), Map.of("role", "web")));
        assertThat(settings.stack("shop").after()).containsExactly("database");
        assertThat(settings.stack("shop").policy().flatMap(own -> own.ruling(Subject.CAPABILITIES)))
                .get()
                .extracting(PolicyLayer.Ruling::allowed)
                .isEqualTo(List.of());
        assertThat(settings.windows())
                .containsEntry(
                        "night",
                        new Window(
                                new CronExpression("0 0 2 ? * MON-FRI"),
                                Duration.ofHours(3),
                                ZoneId.of("Europe/Berlin")));
        assertThat(settings.builds())
                .containsEntry(
                        "app",
                        new Build(
                                "registry.example.com:5000/shop/app",
                                List.of("{{version}}", "{{major}}.{{minor}}", "latest"),
                                "./app",
                                "docker/Dockerfile",
                                Optional.of("run"),
                                Map.of("LEVEL", "3"),
                                Map.of("npmrc", "npm", "token", "token"),
                                List.of("linux/amd64", "linux/arm/v7"),
                                new Build.When(List.of("v*"), List.of("main"), List.of(), false),
                                Optional.empty(),
                                true,
                                true,
                                new HostSelector(List.of(), Map.of("role", "build"))));
        assertThat(settings.policy().ruling(Subject.CAPABILITIES))
                .get()
                .extracting(PolicyLayer.Ruling::allowed)
                .isEqualTo(List.of(new Allowance.Word("NET_ADMIN")));
        assertThat(settings.policy().ruling(Subject.DEVICES)).isEmpty();
        assertThat(settings.suspension()).isEmpty();
        assertThat(settings.sources().at("stacks.shop.windows[0]")).hasToString("lockstep.yaml:9:15");
    }

    @Test
    void all_mistakes_are_told_at_once_with_their_places() {
        assertThat(errors("""
                host: {a: {}}
                hosts:
                  -web: {}
                  web1: {label: {role: web}}
                stacks:
                  Shop: {}
                  a: {after: [b], windows: [nigth]}
                  b: {after: [a], suspend: 3}
                windows:
                  night: {opens: "0 2 * * *", duration: 30s, zone: Europe/Berln}
                  day: {}
                builds:
                  app: {image: "x:1", tags: ["{{versoin}}", "a b"], context: ../x, when: {}}
                policy:
                  capabilities: [NET_ADMN]
                  host-namespaces: [net]
                  bind-sources: [data]
                  published-addresses: [300.0.0.1]
                """))
                .containsExactly(
                        "lockstep.yaml:1:1: host: unknown key. Did you mean \"hosts\"?",
                        "lockstep.yaml:3:3: hosts.-web: \"-web\" is not a host name",
                        "lockstep.yaml:4:10: hosts.web1.label: unknown key. Did you mean \"labels\"?",
                        "lockstep.yaml:6:3: stacks.Shop: \"Shop\" is not the name of a stack. Write lower-case letters,"
                                + " digits, \"-\" and \"_\", a letter or digit first",
                        "lockstep.yaml:7:7: stacks.a.after: goes in a circle: a -> b -> a",
                        "lockstep.yaml:7:29: stacks.a.windows[0]: there is no window \"nigth\". Did you mean \"night\"?",
                        "lockstep.yaml:8:28: stacks.b.suspend: must be true, false, or the reason as text",
                        "lockstep.yaml:10:18: windows.night.opens: \"0 2 * * *\" has 5 fields. A cron expression has"
                                + " seconds, minutes, hours, day of month, month and day of week. Write for example \"0 0"
                                + " 2 ? * MON-FRI\"",
                        "lockstep.yaml:10:41: windows.night.duration: must be between 1m and 7d",
                        "lockstep.yaml:10:52: windows.night.zone: \"Europe/Berln\" is not an IANA time zone. Did you mean"
                                + " \"Europe/Berlin\"?",
                        "lockstep.yaml:11:3: windows.day: has no duration. Write duration: 3h",
                        "lockstep.yaml:11:3: windows.day: has no opens. Write opens: \"0 0 2 ? * *\" for each night at two",
                        "lockstep.yaml:11:3: windows.day: has no zone. Write the time zone by its IANA name, such as zone:"
                                + " Europe/Berlin",
                        "lockstep.yaml:13:3: builds.app: has nothing that starts it. Write when: {tags: [\"v*\"]}",
                        "lockstep.yaml:13:16: builds.app.image: \"x:1\" is not the name of an image. Write [HOST/]NAME in"
                                + " lower case; its tags stand below tags:",
                        "lockstep.yaml:13:30: builds.app.tags[0]: \"{{versoin}}\" stands for nothing. Known are branch,"
                                + " build-number, date, major, minor, patch, sha, sha7, tag, version",
                        "lockstep.yaml:13:45: builds.app.tags[1]: \"a b\" makes no tag of an image. Write letters, digits,"
                                + " \"_\", \".\" and \"-\", and words like {version}",
                        "lockstep.yaml:13:62: builds.app.context: \"../x\" must be inside of the repository",
                        "lockstep.yaml:15:18: policy.capabilities[0]: Linux has no capability \"NET_ADMN\". Did you mean"
                                + " \"NET_ADMIN\"?",
                        "lockstep.yaml:16:21: policy.host-namespaces[0]: \"net\" is not a namespace. Write one of network,"
                                + " pid, ipc, uts, user, cgroup, mount",
                        "lockstep.yaml:17:18: policy.bind-sources[0]: \"data\" must be an absolute path without ..",
                        "lockstep.yaml:18:25: policy.published-addresses[0]: \"300.0.0.1\" is no IP address");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                                      | web1 | true
            {hosts: web1}                           | web1 | true
            {hosts: web1}                           | web2 | false
            {hosts: [web1, web2]}                   | web2 | true
            {hosts: "web*"}                         | web2 | true
            {hosts: "*"}                            | db1  | true
            {hosts: "w.b1"}                         | web1 | false
            {labels: {role: web}}                   | web1 | true
            {labels: {role: web}}                   | db1  | false
            {labels: {role: web, zone: a}}          | web1 | false
            {labels: {own: "yes"}}                  | web1 | true
            {labels: {shared: repository}}          | web1 | true
            {labels: {shared: host}}                | web1 | false
            {hosts: "web*", labels: {role: db}}     | web1 | false
            """)
    void a_stack_runs_where_name_and_labels_say(String stack, String host, boolean runs) {
        var settings = settings("""
                hosts:
                  web1: {labels: {role: web, shared: repository}}
                  web2: {labels: {role: web}}
                  db1: {labels: {role: db}}
                stacks: {shop: %s}
                """.formatted(stack));

        assertThat(settings.isPlaced("shop", host, Map.of("own", "yes", "shared", "host")))
                .isEqualTo(runs);
    }

    @Test
    void suspension_is_found_at_the_widest_place_first() {
        var all = settings("suspend: frozen\nhosts: {a: {suspend: true}}\nstacks: {s: {suspend: true}}");
        assertThat(all.suspension("s", "a").orElseThrow().path()).isEqualTo("suspend");
        var some = settings("hosts: {a: {suspend: true}}\nstacks: {s: {suspend: true}}");
        assertThat(some.suspension("s", "a").orElseThrow().path()).isEqualTo("hosts.a.suspend");
        assertThat(some.suspension("s", "b").orElseThrow().path()).isEqualTo("stacks.s.suspend");
        assertThat(some.suspension("other", "b")).isEmpty();
    }

    @Test
    void stacks_stand_behind_those_that_they_come_after() {
        var settings = settings("stacks: {a: {after: [c, gone]}, b: {}, c: {after: [d]}}");

        assertThat(settings.inOrder(List.of("a", "b", "c", "d", "e"))).containsExactly("d", "c", "a", "b", "e");
        assertThat(settings.inOrder(List.of("a", "b"))).containsExactly("a", "b");
    }

    @Test
    void names_that_lead_nowhere_are_warnings() {
        var settings = settings("""
                hosts: {web1: {}, web2: {}}
                stacks:
                  shpo: {}
                  shop: {hosts: [wbe1], after: [databas]}
                """);

        assertThat(settings.unmatched(List.of("shop", "database")))
                .extracting(Problem::toString)
                .containsExactly(
                        "lockstep.yaml:3:3: stacks.shpo: the repository has no such stack. Did you mean \"shop\"?",
                        "lockstep.yaml:4:3: stacks.shop: is placed on none of the hosts of this file",
                        "lockstep.yaml:4:18: stacks.shop.hosts[0]: no host \"wbe1\" stands below hosts:. Did you mean"
                                + " \"web1\"?",
                        "lockstep.yaml:4:33: stacks.shop.after[0]: the repository has no stack \"databas\". Did you mean"
                                + " \"database\"?");
    }

    @Test
    void a_long_chain_and_a_dense_graph_are_ordered_in_a_moment() {
        var text = new StringBuilder("stacks:\n");
        for (var i = 0; i < 2000; i++) {
            text.append("  s").append(i).append(": {after: [");
            for (var j = 1; j <= 20 && i + j < 2000; j++) {
                text.append("s").append(i + j).append(", ");
            }
            text.append("]}\n");
        }
        var settings = settings(text.toString());

        assertThat(settings.inOrder(settings.stacks().keySet()))
                .startsWith("s1999", "s1998")
                .endsWith("s0");
    }
}
