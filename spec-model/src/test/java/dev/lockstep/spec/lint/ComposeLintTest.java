package dev.lockstep.spec.lint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule for Compose files with what it finds and what it leaves alone. */
class ComposeLintTest {
    private record OneFile(String text) implements FileTree {
        @Override
        public Optional<byte[]> read(String path) {
            return path.equals("compose.yaml") ? Optional.of(text.getBytes(StandardCharsets.UTF_8)) : Optional.empty();
        }

        @Override
        public List<Entry> list(String directory) {
            return directory.isEmpty() ? List.of(new Entry("compose.yaml", false)) : List.of();
        }
    }

    private static List<ComposeFinding> findings(String text) {
        return switch (new ComposeLoader()
                .load(LoadRequest.of(new OneFile(text)).withDefaultName("test"))) {
            case Loaded.Valid valid -> ComposeLint.check(valid.project());
            case Loaded.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }

    private static Arguments row(String rule, List<String> bad, List<String> good) {
        return arguments(rule, bad, good);
    }

    /** Keys of a service that has an image. */
    static Stream<Arguments> rows() {
        return Stream.of(
                row("LS1001", List.of("privileged: true"), List.of("privileged: false")),
                row(
                        "LS1002",
                        List.of("cap_add: [NET_ADMIN]", "cap_add: [ALL]", "cap_add: [CAP_SYS_TIME]"),
                        List.of("cap_add: [CHOWN]", "cap_drop: [ALL]")),
                row(
                        "LS1003",
                        List.of("volumes: ['/var/run/docker.sock:/x:ro']", "use_api_socket: true"),
                        List.of("volumes: ['/srv/docker:/x']")),
                row(
                        "LS1004",
                        List.of("volumes: ['/etc:/x:ro']", "volumes: ['/:/host']"),
                        List.of("volumes: ['/etc/localtime:/etc/localtime:ro', './etc:/etc/app']")),
                row("LS1005", List.of("network_mode: host"), List.of("network_mode: none")),
                row("LS1006", List.of("pid: host"), List.of("restart: always")),
                row("LS1007", List.of("ipc: host"), List.of("ipc: private")),
                row("LS1008", List.of("uts: host"), List.of("hostname: x")),
                row("LS1009", List.of("userns_mode: host"), List.of("user: '1000'")),
                row(
                        "LS1010",
                        List.of(
                                "security_opt: ['seccomp:unconfined']",
                                "security_opt: ['apparmor=unconfined']",
                                "security_opt: ['label:disable']"),
                        List.of("security_opt: ['no-new-privileges:true']")),
                row(
                        "LS1011",
                        List.of(
                                "security_opt: ['no-new-privileges:false']",
                                "security_opt: ['no-new-privileges=false']"),
                        List.of("security_opt: ['no-new-privileges:true']")),
                row(
                        "LS1012",
                        List.of("volumes: [{type: bind, source: /srv, target: /x, bind: {propagation: rshared}}]"),
                        List.of("volumes: [{type: bind, source: /srv, target: /x, bind: {propagation: rslave}}]")),
                row("LS1013", List.of("devices: ['/dev/fuse:/dev/fuse']"), List.of("tmpfs: /x")),
                row("LS1014", List.of("user: root", "user: '0:0'"), List.of("user: '1000:0'", "user: app")),
                row("LS1015", List.of("cgroup_parent: /x"), List.of("mem_limit: 1g")),
                row(
                        "LS1020",
                        List.of("cpus: 1"),
                        List.of("mem_limit: 1g", "deploy: {resources: {limits: {memory: 1g}}}")),
                row(
                        "LS1021",
                        List.of("cpus: 1", "pids_limit: -1"),
                        List.of("pids_limit: 100", "deploy: {resources: {limits: {pids: 100}}}")),
                row(
                        "LS1022",
                        List.of("mem_limit: 1g"),
                        List.of("cpus: 1", "cpu_shares: 10", "deploy: {resources: {limits: {cpus: '1'}}}")),
                row("LS1023", List.of("mem_limit: 1g"), List.of("read_only: true")),
                row(
                        "LS1030",
                        List.of("image: nginx", "image: host:5000/x", "image: nginx:latest"),
                        List.of(
                                "image: nginx:1.27",
                                "image: 'nginx@sha256:" + "0".repeat(64) + "'",
                                "{build: ., image: shop}")),
                row(
                        "LS1040",
                        List.of("ports: ['80:8080']", "ports: ['0.0.0.0:443:443']"),
                        List.of("ports: ['127.0.0.1:80:80']", "ports: ['8080:80']")),
                row("LS1041", List.of("ports: ['8080:80']", "ports: ['80']"), List.of("ports: ['127.0.0.1:8080:80']")),
                row("LS1042", List.of("ports: ['127.0.0.1:2222:22']"), List.of("ports: ['127.0.0.1:22:2222']")),
                row(
                        "LS1050",
                        List.of(
                                "environment: {DB_PASSWORD: x}",
                                "environment: ['API_TOKEN=y']",
                                "{build: {context: ., args: {NPM_TOKEN: x}}}"),
                        List.of("environment: {DB_PASSWORD_FILE: /run/secrets/x, PUBLIC_KEY: y, KEYBOARD: de,"
                                + " DB_PASSWORD: ''}")),
                row(
                        "LS1060",
                        List.of("mem_limit: 1g", "healthcheck: {disable: true}"),
                        List.of("healthcheck: {test: x}")),
                row("LS1070", List.of("network_mode: bridge"), List.of("networks: [default]")));
    }

    /** Another service waits for it. */
    private static List<String> ids(String keys) {
        var service =
                keys.startsWith("{") ? keys : "{" + (keys.startsWith("image:") ? "" : "image: 'x:1', ") + keys + "}";
        return findings("services:\n  web: " + service + "\n  other: {image: 'y:1', depends_on: [web], mem_limit: 1g,"
                        + " pids_limit: 9, cpus: 1, read_only: true}\n")
                .stream()
                .filter(f -> f.problem().path().startsWith("services.web"))
                .map(f -> f.rule().id())
                .toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void a_rule_finds_what_is_bad_and_leaves_alone_what_is_good(String rule, List<String> bad, List<String> good) {
        bad.forEach(keys -> assertThat(ids(keys)).as("bad: %s", keys).contains(rule));
        good.forEach(keys -> assertThat(ids(keys)).as("good: %s", keys).doesNotContain(rule));
    }

    @Test
    void every_rule_has_examples_and_an_id_of_its_own() {
        assertThat(rows().map(row -> row.get()[0]).toList())
                .containsExactlyElementsOf(
                        ComposeRules.ALL.stream().map(ComposeRule::id).toList())
                .doesNotHaveDuplicates();
    }

    @Test
    void a_finding_has_its_place_and_no_value_of_a_secret() {
        var findings = findings("services:\n  web:\n    image: x:1\n    environment:\n      DB_PASSWORD: hunter2\n");
        assertThat(findings)
                .filteredOn(f -> f.rule().equals(ComposeRules.SECRET))
                .singleElement()
                .satisfies(f -> assertThat(f.problem().toString())
                        .isEqualTo(
                                "compose.yaml:5:20: services.web.environment.DB_PASSWORD: DB_PASSWORD is for secrets:"
                                        + " and its file"));
        assertThat(findings.toString()).doesNotContain("hunter2");
    }

    @Test
    void who_waits_for_the_end_of_a_service_waits_for_no_health() {
        assertThat(findings("""
            services:
              job: {image: 'x:1'}
              web: {image: 'y:1', depends_on: {job: {condition: service_completed_successfully}}}
            """)).noneMatch(f -> f.rule().equals(ComposeRules.HEALTH));
    }

    @Test
    void who_waits_for_health_without_a_check_here_has_the_images() {
        var text = """
                services:
                  db: {image: 'x:1'%s}
                  web: {image: 'y:1', depends_on: {db: {condition: service_healthy}}}
                """;
        assertThat(findings(text.formatted(""))).noneMatch(f -> f.rule().equals(ComposeRules.HEALTH));
        assertThat(findings(text.formatted(", healthcheck: {disable: true}")))
                .anyMatch(f -> f.rule().equals(ComposeRules.HEALTH));
    }
}
