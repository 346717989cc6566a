package dev.lockstep.spec.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a command can say about the load, and the variables that say it as well. */
class RequestTest {
    private final MemoryTree tree = new MemoryTree();
    private final LoadRequest request =
            LoadRequest.of(tree).withDefaultName("p").withComposeVariables();

    private static Project project(LoadRequest request) {
        return switch (new ComposeLoader().load(request)) {
            case Loaded.Valid valid -> valid.project();
            case Loaded.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }

    private static Service a(Project project) {
        return Objects.requireNonNull(project.services().get("a"));
    }

    @Test
    void the_standard_input_is_a_file_of_the_current_directory() {
        tree.with("sub/compose.yaml", "services: {b: {image: y}}")
                .with("sub/.env", "V=1")
                .with("sub/e", "A=$V");
        var in = "services: {a: {image: 'x:${V}', env_file: e}}".getBytes(StandardCharsets.UTF_8);
        var project = project(request.withDirectory("sub")
                .withFiles(List.of("-", "compose.yaml"))
                .withStandardInput(new StandardInput(new ByteArrayInputStream(in))));
        assertThat(project.services().keySet()).containsExactlyInAnyOrder("a", "b");
        assertThat(a(project).toString()).contains("x:1").contains("A=Optional[1]");
        assertThat(project.sources().origin("services.a.image")).hasToString("-:1:23, with V from sub/.env:1:1");
    }

    @Test
    void the_standard_input_may_be_read_by_several_loads_and_is_no_file_that_a_project_can_name() {
        var in = new StandardInput(
                new ByteArrayInputStream("services: {a: {image: x, env_file: '-'}}".getBytes(StandardCharsets.UTF_8)));
        var named = request.withEnvironment(Map.of("COMPOSE_FILE", "-")).withStandardInput(in);
        for (var again = 0; again < 2; again++) {
            assertThat(new ComposeLoader().load(named))
                    .isInstanceOfSatisfying(
                            Loaded.Invalid.class,
                            i -> assertThat(i.errors().toString())
                                    .contains("-:1:36: services.a.env_file[0]: env file - not found"));
        }
    }

    @Test
    void a_standard_input_that_cannot_be_read_or_is_too_large_is_a_problem() throws IOException {
        var closed = InputStream.nullInputStream();
        closed.close();
        assertThat(new ComposeLoader()
                        .load(request.withFiles(List.of("-")).withStandardInput(new StandardInput(closed))))
                .isInstanceOfSatisfying(
                        Loaded.Invalid.class,
                        i -> assertThat(i.errors().toString()).contains("cannot read -: Stream closed"));
        assertThat(new ComposeLoader()
                        .load(request.withFiles(List.of("-"))
                                .withStandardInput(
                                        new StandardInput(new ByteArrayInputStream(new byte[(16 << 20) + 1])))))
                .isInstanceOfSatisfying(
                        Loaded.Invalid.class,
                        i -> assertThat(i.errors().toString()).contains("larger than 16777216 bytes"));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                // flags, COMPOSE_PROFILES, from where, services named, result
                "-,-,-,-,always",
                "p,-,-,-,always p pq",
                "'p q',-,-,-,always p pq q",
                "*,-,-,-,always p pq q",
                "-,p,env,-,always p pq",
                "-,' q , p',file,-,always p pq q",
                "-,*,env,-,always p pq q",
                "q,p,env,-,always pq q",
                "-,-,-,p,p",
                "-,-,-,q,q",
                "-,-,-,'always q',always q",
                "nope,-,-,-,always",
            })
    void profiles_come_from_flags_else_from_the_variable_and_a_named_service_turns_its_own_on(
            String flags, String variable, String from, String named, String expected) {
        tree.with("compose.yaml", """
                services:
                  always: {image: x}
                  p: {image: x, profiles: [p]}
                  q: {image: x, profiles: [q], env_file: missing.env}
                  pq: {image: x, profiles: [p, q]}
                """).with("missing.env", "");
        var asked = request;
        if ("env".equals(from)) {
            asked = asked.withEnvironment(Map.of("COMPOSE_PROFILES", variable));
        } else if (variable != null) {
            tree.with(".env", "COMPOSE_PROFILES=" + variable);
        }
        if (flags != null) {
            asked = asked.withProfiles(List.of(flags.split(" ")));
        }
        if (named != null) {
            asked = asked.withServices(List.of(named.split(" ")));
        }
        assertThat(project(asked).services().keySet().stream().sorted().collect(Collectors.joining(" ")))
                .isEqualTo(expected);
    }

    @Test
    void nobody_misses_the_files_of_a_service_that_is_off() {
        tree.with("compose.yaml", "services: {a: {image: x}, b: {image: x, profiles: [p], env_file: missing}}");
        assertThat(project(request).services()).containsOnlyKeys("a");
        assertThat(new ComposeLoader().load(request.withProfiles(List.of("p")))).isInstanceOf(Loaded.Invalid.class);
    }

    @ParameterizedTest
    @CsvSource({"1,x:", "true,x:", "YES,x:", "0,x:1", "false,x:1", "'',x:1"})
    void env_files_can_be_turned_off_by_the_environment_alone(String value, String image) {
        tree.with("compose.yaml", "services: {a: {image: 'x:${V}a'}}").with(".env", "V=1\nCOMPOSE_DISABLE_ENV_FILE=1");
        var project = project(request.withEnvironment(Map.of("COMPOSE_DISABLE_ENV_FILE", value)));
        assertThat(a(project).toString()).contains(image + "a");
    }

    @Test
    void variables_stay_as_they_are_written_when_asked() {
        tree.with(
                "compose.yaml",
                "services: {a: {image: 'x:${V:?needed}', ports: ['${P}:80'], extends: b}, b: {user: $U}}");
        var merged = new ComposeLoader().tree(request.without(Set.of(Skip.INTERPOLATION)));
        assertThat(merged.errors()).isEmpty();
        assertThat(merged.name()).contains("p");
        assertThat(TreeText.of(merged.root().orElseThrow()))
                .isEqualTo(
                        "{services: {a: {image: 'x:${V:?needed}', ports: ['${P}:80'], user: '$U'}, b: {user: '$U'}}}");
        assertThat(new ComposeLoader().tree(request).errors()).isNotEmpty();
    }

    @Test
    void services_take_nothing_from_outside_when_asked() {
        tree.with("compose.yaml", "services: {a: {image: x, environment: [V], env_file: missing}}")
                .with(".env", "V=1");
        assertThat(a(project(request.without(Set.of(Skip.ENVIRONMENT))))
                        .program()
                        .environment()
                        .toString())
                .isEqualTo("{V=Optional.empty}");
    }

    @Test
    void the_variables_of_a_project_are_listed() {
        tree.with("compose.yaml", """
                include: [i.yaml]
                services:
                  a:
                    image: "x:${B:-d}$A"
                    user: "${C:?m}${D:+alt}${E-${F}}$$G${A-other}${}"
                """).with("i.yaml", "services: {b: {image: $H}}");
        assertThat(((Uninterpolated.Valid) new ComposeLoader().uninterpolated(request))
                        .variables().stream()
                                .map(v -> v.name() + "|" + v.required() + "|" + v.defaultValue() + "|" + v.alternative()
                                        + "|" + v.at()))
                .containsExactly(
                        "A|false|||compose.yaml:4:22",
                        "B|false|d||compose.yaml:4:15",
                        "C|true|||compose.yaml:5:12",
                        "D|false||alt|compose.yaml:5:19",
                        "E|false|${F}||compose.yaml:5:28",
                        "F|false|||compose.yaml:5:32",
                        "H|false|||i.yaml:1:23");
    }

    @Test
    void the_variables_that_files_can_ask_for_are_listed() {
        tree.with("compose.yaml", "name: n\nservices: {}").with(".env", "V=1\nW=2");
        assertThat(new ComposeLoader()
                        .environment(request.withEnvironment(Map.of("W", "3")))
                        .values())
                .hasToString("{COMPOSE_PROJECT_NAME=n, V=1, W=3}");
    }

    @ParameterizedTest
    @CsvSource({
        "'C:\\\\data\\\\x:/y',/c/data/x",
        "D:/data:/y:ro,/d/data",
        "./here:/y,here",
        "'{type: bind, source: ''C:\\\\x'', target: /y}',/c/x",
    })
    void windows_paths_are_converted_when_asked(String volume, String source) {
        var written = volume.startsWith("{") ? volume : "'" + volume + "'";
        tree.with("compose.yaml", "services: {a: {image: x, volumes: [" + written.replace("\\\\", "\\") + "]}}");
        var project = project(request.withEnvironment(Map.of("COMPOSE_CONVERT_WINDOWS_PATHS", "1")));
        assertThat(a(project).storage().mounts().toString()).contains("source=" + source);
    }

    @Test
    void files_that_grow_by_variables_or_by_being_named_often_are_bounded() {
        var env = new StringBuilder("A0=" + "x".repeat(1000) + "\n");
        for (var i = 1; i < 10; i++) {
            env.append("A" + i + "=$A" + (i - 1) + "$A" + (i - 1) + "\n");
        }
        for (var i = 0; i < 1000; i++) {
            env.append("B" + i + "=$A9\n");
        }
        tree.with(".env", env.toString()).with("compose.yaml", "services: {a: {image: x}}");
        assertThat(new ComposeLoader().load(request))
                .isInstanceOfSatisfying(
                        Loaded.Invalid.class,
                        i -> assertThat(i.errors().toString()).contains("variables make this longer"));
        var services = new StringBuilder("services:\n");
        for (var i = 0; i < 200; i++) {
            services.append("  s" + i + ": {image: x, env_file: big.env}\n");
        }
        // A file that means something else for each service is read through again for each.
        tree.with(".env", "")
                .with("big.env", ("# " + "x".repeat(1000) + "\n").repeat(500) + "A=$V\n")
                .with("compose.yaml", services.toString());
        assertThat(new ComposeLoader().load(request))
                .isInstanceOfSatisfying(
                        Loaded.Invalid.class,
                        i -> assertThat(i.errors().toString())
                                .contains("the files of this project come to more than 67108864 bytes"));
    }

    @Test
    void an_env_file_of_many_services_is_read_once() {
        var reads = new AtomicInteger();
        var counting = new FileTree() {
            @Override
            public Optional<byte[]> read(String path) throws IOException {
                if (path.equals("big.env")) {
                    reads.incrementAndGet();
                }
                return tree.read(path);
            }

            @Override
            public List<Entry> list(String directory) {
                return tree.list(directory);
            }
        };
        var services = new StringBuilder("services:\n");
        for (var i = 0; i < 200; i++) {
            services.append("  s" + i + ": {image: x, env_file: big.env, label_file: big.env}\n");
        }
        services.append("  a: {image: x, env_file: big.env}\n");
        tree.with("big.env", ("# " + "x".repeat(1000) + "\n").repeat(500) + "A=" + "y".repeat(500_000) + "\n")
                .with("compose.yaml", services.toString());
        var project = project(LoadRequest.of(counting).withDefaultName("p"));
        assertThat(a(project).program().environment().toString()).contains("A=Optional[yyy");
        assertThat(reads).hasValue(1);
    }

    @Test
    void many_variables_in_many_services_are_bounded() {
        var services = new StringBuilder("services:\n");
        for (var i = 0; i < 5000; i++) {
            services.append("  s" + i + ": {image: x, env_file: many.env}\n");
        }
        var env = new StringBuilder();
        for (var i = 0; i < 1000; i++) {
            env.append("A" + i + "=\n");
        }
        tree.with("many.env", env.toString()).with("compose.yaml", services.toString());
        assertThat(new ComposeLoader().load(request))
                .isInstanceOfSatisfying(
                        Loaded.Invalid.class,
                        i -> assertThat(i.errors())
                                .singleElement()
                                .asString()
                                .contains("the files of this project come to more than 67108864 bytes"));
    }

    @ParameterizedTest
    @CsvSource({
        "A=1\0x,.env:1:4: the character U+0000 is not allowed in text",
        "A=\u202Ex,.env:1:3: the character U+202E changes the order",
        "'B=1\nA=\"\\0\"',.env:2:1: the value has the character U+0000",
    })
    void characters_that_hide_or_end_a_value_are_refused_in_env_files(String env, String error) {
        tree.with(".env", env).with("compose.yaml", "services: {a: {image: x}}");
        assertThat(new ComposeLoader().load(request))
                .isInstanceOfSatisfying(
                        Loaded.Invalid.class,
                        i -> assertThat(i.errors().toString()).contains(error));
    }

    @Test
    void a_home_directory_is_where_the_environment_says() {
        tree.with("home/u/e", "A=1").with("compose.yaml", "services: {a: {image: x, env_file: ~/e}}");
        var project = project(request.withEnvironment(Map.of("HOME", "home/u")));
        assertThat(a(project).program().environment()).containsOnlyKeys("A");
    }

    @Test
    void a_name_of_another_type_and_files_left_aside_are_told() {
        tree.with("compose.yaml", "name: 12\nservices: {a: {image: x}}")
                .with("compose.override.yml", "services: {a: {user: u}}")
                .with("compose.override.yaml", "services: {a: {user: v}}");
        var loaded = new ComposeLoader().load(request);
        assertThat(loaded)
                .isInstanceOfSatisfying(
                        Loaded.Invalid.class,
                        i -> assertThat(i.errors().toString())
                                .isEqualTo("[compose.yaml:1:7: name: must be text, not a number. Write it in quotes]"));
        assertThat(loaded.warnings().toString()).contains("compose.override.yaml beside it not");
    }
}
