package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.spec.load.EnvironmentFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Plans say of every change where its value stands, and how it came from there. */
class OriginTest {
    private static final String HOST_FILE = "/etc/lockstep/stacks/shop/env";

    private final Map<String, String> then = new HashMap<>();
    private final Map<String, String> now = new HashMap<>();
    private EnvironmentFile variablesThen = EnvironmentFile.EMPTY;
    private EnvironmentFile variablesNow = EnvironmentFile.EMPTY;
    private Secrets secrets = Secrets.NONE;

    private void unchanged(String file, String text) {
        then.put(file, text);
        now.put(file, text);
    }

    private void changed(String file, String text, String before, String after) {
        assertThat(text).contains(before);
        then.put(file, text);
        now.put(file, text.replace(before, after));
    }

    private Plan plan() {
        var host = World.running(World.desired(then, variablesThen));
        var facts = new GivenFacts().secrets(secrets).facts();
        return Planner.plan(World.desired(now, variablesNow), host, facts);
    }

    /** The lines of causes, which is what a reader looks for. */
    private List<String> causes() {
        return new PlanText(false)
                .print(plan())
                .lines()
                .filter(line -> line.startsWith("          "))
                .map(String::strip)
                .toList();
    }

    @Test
    void a_value_that_is_used_where_it_stands() {
        changed("compose.yaml", "services:\n  app: {image: x, user: '1'}\n", "'1'", "'2'");

        assertThat(causes()).containsExactly("user: 1 → 2   [compose.yaml:2:25]");
    }

    @Test
    void a_variable_and_the_file_that_sets_it() {
        unchanged("compose.yaml", """
                services:
                  app:
                    image: x
                    environment:
                      LEVEL: ${LEVEL}
                """);
        changed(".env", "# shop\n\nLEVEL=info\n", "info", "debug");

        assertThat(causes())
                .containsExactly(
                        "environment.LEVEL: \"info\" → \"debug\"   [compose.yaml:5:14, from $LEVEL in .env:3:1]");
        assertThat(new PlanMarkdown().print(plan())).contains("""
                  - `environment.LEVEL`: `"info"` → `"debug"` (`compose.yaml:5:14, from $LEVEL in .env:3:1`)
                """);
    }

    @Test
    void the_newest_commit_of_the_value_and_its_variables_is_told_if_all_are_known() {
        unchanged("compose.yaml", """
                services:
                  app:
                    image: x
                    environment: {LEVEL: "${LEVEL}", HOME: "${HOME_OF}"}
                    user: "2"
                """);
        changed(".env", "LEVEL=info\nHOME_OF=/a\n", "info", "debug");
        now.put(".env", "LEVEL=debug\nHOME_OF=/b\n");
        LineCommits commits = at -> at.file().equals(".env")
                ? Optional.of(commit("b", 2, "Say more <script>")).filter(_ -> at.line() == 1)
                : Optional.of(commit("a", 1, "First"));
        var plan = commits.explain(plan());

        assertThat(new PlanText(false).print(plan))
                .contains(
                        "[compose.yaml:4:26, from $LEVEL in .env:1:1; bbbbbbb of 2026-11-24 \"Say more <script>\"]",
                        "[compose.yaml:4:44, from $HOME_OF in .env:2:1]\n");
        assertThat(new PlanMarkdown().print(plan))
                .contains("from $LEVEL in .env:1:1`, commit `bbbbbbb of 2026-11-24 \"Say more <script>\"`)");
        assertThat(new PlanJson().print(plan, World.NOW))
                .containsOnlyOnce("\"commit\": {")
                .contains("\"subject\": \"Say more <script>\"", "\"id\": \"" + "b".repeat(40));
        assertThat(LineCommits.UNKNOWN.explain(plan())).isEqualTo(plan());
    }

    private static LineCommit commit(String digit, int second, String subject) {
        return new LineCommit(digit.repeat(40), World.NOW, World.NOW.plusSeconds(second), "Ann", subject);
    }

    @Test
    void a_variable_in_one_word_of_a_command() {
        unchanged("compose.yaml", "services:\n  app:\n    image: x\n    command: [serve, --port, '${PORT}']\n");
        changed(".env", "PORT=80\n", "80", "81");

        assertThat(causes())
                .containsExactly(
                        "command: [serve --port 80] → [serve --port 81]   [compose.yaml:4:5, from $PORT in .env:1:1]");
    }

    @Test
    void a_variable_of_the_environment_and_one_that_is_handed_on() {
        unchanged("compose.yaml", "services:\n  app:\n    image: x\n    user: $WHO\n    environment: [MODE]\n");
        variablesThen = new EnvironmentFile(Map.of("WHO", "a", "MODE", "c"), Map.of());
        variablesNow = new EnvironmentFile(Map.of("WHO", "b", "MODE", "d"), Map.of());

        assertThat(causes())
                .containsExactly(
                        "environment.MODE: \"c\" → \"d\"   [compose.yaml:5:19, from $MODE of the environment]",
                        "user: a → b   [compose.yaml:4:11, from $WHO of the environment]");
    }

    @Test
    void a_file_of_variables() {
        unchanged("compose.yaml", "services: {app: {image: x, env_file: app.env}}\n");
        changed("app.env", "A=1\nLEVEL=info\n", "info", "debug");

        assertThat(causes()).containsExactly("environment.LEVEL: \"info\" → \"debug\"   [app.env:2:1]");
    }

    @Test
    void an_extends() {
        changed("base.yaml", "services:\n  base:\n    image: x\n    mem_limit: 64m\n", "64m", "128m");
        unchanged("compose.yaml", "services:\n  app:\n    extends: {file: base.yaml, service: base}\n");

        assertThat(causes())
                .containsExactly("mem_limit: 64 MiB → 128 MiB   [base.yaml:4:16, extended by compose.yaml:3:5]");
    }

    @Test
    void an_include() {
        unchanged("compose.yaml", "include:\n  - part/compose.yaml\n");
        changed("part/compose.yaml", "services:\n  app: {image: x, user: '1'}\n", "'1'", "'2'");

        assertThat(causes()).containsExactly("user: 1 → 2   [part/compose.yaml:2:25, included by compose.yaml:2:5]");
    }

    @Test
    void an_override_and_what_it_replaces() {
        unchanged("compose.yaml", "services:\n  app:\n    image: x\n    mem_limit: 32m\n");
        changed("compose.override.yaml", "services:\n  app:\n    mem_limit: 64m\n", "64m", "128m");

        assertThat(causes())
                .containsExactly(
                        "mem_limit: 64 MiB → 128 MiB   [compose.override.yaml:3:16, instead of compose.yaml:4:16]");
    }

    @Test
    void whichever_of_two_places_a_limit_is_written_in() {
        changed("compose.yaml", """
                services:
                  a: {image: x, deploy: {resources: {limits: {cpus: 1, memory: 64m, pids: 10}}}}
                  b: {image: x, cpus: 1, pids_limit: 10}
                  c: {image: x, deploy: {restart_policy: {condition: none}}}
                """, "cpus: 1", "cpus: 2");
        now.compute(
                "compose.yaml",
                (_, text) -> text.replace("64m", "65m")
                        .replace(": 10", ": 11")
                        .replace("none", "any")
                        .replace("b: {image: x, cpus: 1", "b: {image: x, cpus: 2"));

        assertThat(causes())
                .containsExactly(
                        "cpus: 1 → 2   [compose.yaml:2:53]",
                        "mem_limit: 64 MiB → 65 MiB   [compose.yaml:2:64]",
                        "pids_limit: 10 → 11   [compose.yaml:2:75]",
                        "cpus: 1 → 2   [compose.yaml:3:23]",
                        "pids_limit: 10 → 11   [compose.yaml:3:38]",
                        "restart: no → always   [compose.yaml:4:26]");
    }

    @Test
    void an_item_of_a_list_and_a_network_by_its_key() {
        changed("compose.yaml", """
                services:
                  app:
                    image: x
                    ports:
                      - 8080:80
                      - 8443:443
                    networks:
                      front: {aliases: [a]}
                networks:
                  front:
                    labels: {l: a}
                """, "8443", "9443");
        now.compute(
                "compose.yaml",
                (_, text) -> text.replace("aliases: [a]", "aliases: [b]").replace("l: a", "l: b"));

        assertThat(causes())
                .containsExactly(
                        "labels.l: a → b   [compose.yaml:11:17]",
                        "ports: 0.0.0.0:9443->443/tcp   [compose.yaml:6:9]",
                        "ports: 0.0.0.0:8443->443/tcp → (none)   [compose.yaml:2:3]",
                        "networks.shop_front: shop_front aliases a → shop_front aliases b   [compose.yaml:8:7]");
    }

    @Test
    void a_secret_in_a_network_or_of_a_variable_that_is_gone_does_not_show() throws IOException {
        unchanged("compose.yaml", "services: {app: {image: x, networks: [n]}}\nnetworks: {n: {labels: {l: $PIN}}}\n");
        then.put("compose.yaml", """
                services: {app: {image: x, networks: [n], environment: {URL: "db://$PIN@db"}}}
                networks: {n: {labels: {l: $PIN}}}
                """);
        variablesThen = EnvironmentFile.read(HOST_FILE, "PIN=0815\n");
        variablesNow = EnvironmentFile.read(HOST_FILE, "PIN=4711\n");
        secrets = new Secrets(Set.of("4711"), Set.of(HOST_FILE));

        assertThat(causes())
                .containsExactly(
                        "labels.l: (sensitive) → (sensitive)   [compose.yaml:2:28, from $PIN in " + HOST_FILE + ":1:1]",
                        "environment.URL: (sensitive) → (none)   [compose.yaml:1:12]");
    }

    @Test
    void what_was_a_secret_does_not_show_when_a_literal_or_nothing_takes_its_place() throws IOException {
        then.put("compose.yaml", """
                services:
                  app:
                    image: x
                    command: [serve, --pin, $PIN]
                    environment: {PIN: $PIN, LEVEL: info, URL: "db://$PIN@db"}
                    labels: {pin: $PIN, level: info}
                    healthcheck: {test: [CMD, check, $PIN]}
                """);
        now.put("compose.yaml", """
                services:
                  app:
                    image: x
                    command: [serve, --pin-file, /pin]
                    environment: {PIN: none, LEVEL: debug}
                    labels: {pin: none, level: debug}
                    healthcheck: {test: [CMD, check]}
                """);
        variablesThen = EnvironmentFile.read(HOST_FILE, "PIN=4711\n");
        variablesNow = EnvironmentFile.EMPTY;
        secrets = new Secrets(Set.of("4711"), Set.of(HOST_FILE));

        // What was applied knows which of its values were the host's, whatever became of the host's file.
        var first = Planner.plan(
                World.desired(then, variablesThen),
                World.nothing(),
                new GivenFacts().secrets(secrets).facts());
        var made = first.steps().stream()
                .map(Step::operation)
                .filter(Operation.CreateContainer.class::isInstance)
                .map(create -> ((Operation.CreateContainer) create).spec())
                .findFirst()
                .orElseThrow();
        var host =
                World.with(World.running(World.desired(then, variablesThen)), made.name(), _ -> World.container(made));
        for (var known : new Secrets[] {secrets, Secrets.NONE}) {
            var plan = Planner.plan(
                    World.desired(now, variablesNow),
                    host,
                    new GivenFacts().secrets(known).facts());
            assertThat(new PlanJson().print(plan, World.NOW)).doesNotContain("4711");
            assertThat(new PlanText(false).print(plan))
                    .contains(
                            "command: (sensitive) → [serve --pin-file /pin]",
                            "environment.PIN: (sensitive) → \"none\"",
                            "environment.LEVEL: \"info\" → \"debug\"",
                            "environment.URL: (sensitive) → (none)",
                            "labels.pin: (sensitive) → none",
                            "labels.level: info → debug",
                            "healthcheck.test: (sensitive) → [CMD check]")
                    .doesNotContain("4711", "dev.lockstep.sensitive");
        }
        // One that an earlier version made does not know.
        assertThat(causes())
                .anyMatch(line -> line.startsWith("command: (sensitive) → "))
                .anyMatch(line -> line.startsWith("environment.PIN: (sensitive) → "))
                .noneMatch(line -> line.contains("4711"));
    }

    @Test
    void many_variables_are_counted() {
        var names = IntStream.range(0, 6).mapToObj(i -> "V" + i).toList();
        unchanged(
                "compose.yaml",
                "services: {app: {image: x, user: '"
                        + names.stream().map(n -> "$" + n).collect(Collectors.joining()) + "'}}\n");
        changed(".env", names.stream().map(n -> n + "=1\n").collect(Collectors.joining()), "V5=1", "V5=2");

        assertThat(causes())
                .containsExactly(
                        "user: 111111 → 111112   [compose.yaml:1:34, from $V0 in .env:1:1, from $V1 in .env:2:1,"
                                + " from $V2 in .env:3:1, and 3 more]");
    }

    @Test
    void a_variable_of_the_host_has_a_place_and_neither_its_new_nor_its_old_value_shows() throws IOException {
        unchanged("compose.yaml", """
                services:
                  app:
                    image: x
                    hostname: h-$PIN
                    environment: {URL: "db://u:$PIN@db", PIN: }
                """);
        variablesThen = EnvironmentFile.read(HOST_FILE, "PIN=0815\n");
        variablesNow = EnvironmentFile.read(HOST_FILE, "# new\nPIN=4711\n");
        secrets = new Secrets(Set.of("4711"), Set.of(HOST_FILE));

        assertThat(causes())
                .containsExactly(
                        "environment.URL: (sensitive) → (sensitive)   [compose.yaml:5:24, from $PIN in " + HOST_FILE
                                + ":2:1]",
                        "environment.PIN: (sensitive) → (sensitive)   [" + HOST_FILE + ":2:1]",
                        "hostname: (sensitive) → (sensitive)   [compose.yaml:4:15, from $PIN in " + HOST_FILE
                                + ":2:1]");
        var json = new PlanJson().print(plan(), World.NOW);
        assertThat(json).doesNotContain("0815").doesNotContain("4711");
        assertThat(new PlanMarkdown().print(plan())).doesNotContain("0815").doesNotContain("4711");
        assertThat(new JsonMapper().readTree(json).findValuesAsText("sensitive"))
                .containsOnly("true");
    }

    @Test
    void programs_get_each_step_in_fields() throws IOException {
        unchanged("compose.yaml", "include: [part/compose.yaml]\n");
        unchanged(
                "part/compose.yaml",
                "services:\n  app:\n    extends: base\n  base:\n    image: x\n    user: $WHO\n    hostname: $NAME\n");
        unchanged("compose.override.yaml", "services: {app: {working_dir: /a}}\n");
        now.put("compose.override.yaml", "services: {app: {working_dir: /a}, base: {user: u}}\n");
        changed("part/.env", "NAME=a\nWHO=w\n", "NAME=a", "NAME=b");

        var actions = new JsonMapper()
                .readTree(new PlanJson().print(plan(), World.NOW))
                .path("actions");

        assertThat(actions.findValues("source").stream().map(Object::toString)).containsExactly("""
                        {"file":"part/compose.yaml","line":7,"column":15,"via":[\
                        {"kind":"variable","name":"NAME","file":"part/.env","line":1,"column":1},\
                        {"kind":"extends","service":"base","file":"part/compose.yaml","line":3,"column":14},\
                        {"kind":"include","project":"part/compose.yaml","file":"compose.yaml","line":1,"column":11}]}""", """
                        {"file":"compose.override.yaml","line":1,"column":49,"via":[\
                        {"kind":"override","file":"part/compose.yaml","line":6,"column":11}]}""", """
                        {"file":"part/compose.yaml","line":7,"column":15,"via":[\
                        {"kind":"variable","name":"NAME","file":"part/.env","line":1,"column":1},\
                        {"kind":"include","project":"part/compose.yaml","file":"compose.yaml","line":1,"column":11}]}""");
    }

    @Test
    void the_example_of_the_readme_is_what_is_printed() throws IOException {
        unchanged("compose.yaml", """
                services:
                  web:
                    image: nginx:1
                    mem_limit: 128m
                    depends_on: [app]
                  app:
                    image: app:1
                    environment:
                      LEVEL: ${LEVEL}
                """);
        changed(".env", "TAG=1\n\nLEVEL=info\n", "info", "debug");
        var host = World.with(
                World.running(World.desired(then, variablesThen)),
                "shop-web-1",
                World.limits(l -> new Limits(
                        Optional.of(64L << 20),
                        l.memorySwap(),
                        l.memoryReservation(),
                        l.cpuQuota(),
                        l.cpuPeriod(),
                        l.pids())));

        var plan = Planner.plan(World.desired(now, variablesNow), host, Facts.none());

        assertThat(Files.readString(Path.of("../README.md")))
                .contains(new PlanText(false).print(plan).indent(4).replace("    \n", "\n"));
    }
}
