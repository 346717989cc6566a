package dev.lockstep.spec.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.model.FileContent;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Sensitive;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class IncludeTest {
    @Test
    void resources_of_an_included_project_are_here_with_their_paths_and_nothing_else_of_it() {
        assertThat(merged(Map.of(
                        "compose.yaml",
                        "include: [lib/compose.yaml]\nservices: {a: {image: x, depends_on: [b]}}",
                        "lib/compose.yaml",
                        """
                        name: other
                        x-own: 1
                        services:
                          b: {image: y, build: ., volumes: [./d:/d], env_file: b.env}
                        volumes: {v: {driver: local, driver_opts: {o: bind, device: ./dev}}}
                        networks: {n: {}}
                        secrets: {s: {file: ./s}}
                        configs: {c: {file: c}}
                        models: {m: {model: m}}
                        """)))
                .isEqualTo(TreeText.ofYaml("""
                        services:
                          a: {image: x, depends_on: [b]}
                          b: {image: y, build: lib, volumes: [./lib/d:/d], env_file: lib/b.env}
                        volumes: {v: {driver: local, driver_opts: {o: bind, device: lib/dev}}}
                        networks: {n: {}}
                        secrets: {s: {file: lib/s}}
                        configs: {c: {file: lib/c}}
                        models: {m: {model: m}}
                        """));
    }

    @Test
    void the_long_form_has_overrides_and_a_directory_of_its_own() {
        assertThat(merged(Map.of(
                        "compose.yaml",
                        "include: [{path: [a/1.yaml, b/2.yaml], project_directory: c}]",
                        "a/1.yaml",
                        "services: {s: {image: x, env_file: e, extends: {file: base.yaml, service: t}}}",
                        "b/2.yaml",
                        "services: {s: {image: y, volumes: [./v:/v]}}",
                        "c/base.yaml",
                        "services: {t: {user: u, label_file: l}}")))
                .isEqualTo(TreeText.ofYaml(
                        "services: {s: {image: y, env_file: c/e, volumes: [./c/v:/v], user: u, label_file: c/l}}"));
    }

    @Test
    void includes_nest_and_their_paths_add_up() {
        assertThat(merged(Map.of(
                        "compose.yaml", "include: [one/compose.yaml]",
                        "one/compose.yaml", "include: [two/compose.yaml]\nservices: {a: {image: x, env_file: e}}",
                        "one/two/compose.yaml",
                                "include: [{path: ../../three.yaml}]\nservices: {b: {image: x, env_file: e}}",
                        "three.yaml", "services: {c: {image: x, env_file: e}}")))
                .isEqualTo(TreeText.ofYaml("services: {a: {image: x, env_file: one/e},"
                        + " b: {image: x, env_file: one/two/e}, c: {image: x, env_file: e}}"));
    }

    private static Project project(Map<String, String> files, Set<Skip> skipped) {
        var tree = new MemoryTree();
        files.forEach(tree::with);
        return switch (new ComposeLoader()
                .load(LoadRequest.of(tree).withDefaultName("p").without(skipped))) {
            case Loaded.Valid valid -> valid.project();
            case Loaded.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }

    @Test
    void variables_without_a_value_stay_so_when_the_environment_is_left_out() {
        var files = Map.of(
                "compose.yaml", "include: [i/compose.yaml]",
                "i/compose.yaml", "services: {a: {image: x, environment: [V]}}\nsecrets: {}",
                "i/.env", "V=its");
        for (var skip : List.of(Skip.ENVIRONMENT, Skip.INTERPOLATION)) {
            var a = Objects.requireNonNull(
                    project(files, Set.of(skip)).services().get("a"));
            assertThat(a.program().environment()).as("%s", skip).containsEntry("V", Optional.empty());
        }
        var a = Objects.requireNonNull(project(files, Set.of()).services().get("a"));
        assertThat(a.program().environment()).containsEntry("V", Optional.of("its"));
    }

    @Test
    void secrets_and_configs_take_the_variables_of_the_project_that_declares_them() {
        var files = new HashMap<String, String>();
        files.put("compose.yaml", """
                include: [one/compose.yaml, two/compose.yaml]
                services: {a: {image: x, secrets: [s, both, other, main], configs: [c]}}
                secrets: {other: {environment: M}, main: {environment: V}}
                """);
        files.put("one/compose.yaml", """
                include: [deep/compose.yaml]
                secrets: {s: {environment: V}, both: {environment: W}, other: {environment: V}}
                """);
        files.put("one/.env", "V=one\nW=one");
        files.put("one/deep/compose.yaml", "configs: {c: {environment: D}}");
        files.put("one/deep/.env", "D=deep");
        files.put("two/compose.yaml", "secrets: {both: {environment: W}}");
        files.put("two/.env", "W=two");
        files.put(".env", "M=mine");

        var project = project(files, Set.of());
        assertThat(value(project, "s")).contains("one");
        assertThat(value(project, "both"))
                .as("of two includes the earlier counts")
                .contains("one");
        assertThat(value(project, "other"))
                .as("the main file names another variable")
                .contains("mine");
        assertThat(value(project, "main")).as("V is not the main project's").isEmpty();
        assertThat(Objects.requireNonNull(project.configs().get("c")).content())
                .isEqualTo(new FileContent.Variable("D", Optional.of(new Sensitive("deep"))));

        assertThat(value(project(files, Set.of(Skip.ENVIRONMENT)), "s")).isEmpty();
        files.put(".env", "V=mine");
        assertThat(value(project(files, Set.of()), "s")).contains("mine");
    }

    private static Optional<String> value(Project project, String secret) {
        var content = Objects.requireNonNull(project.secrets().get(secret)).content();
        return content instanceof FileContent.Variable variable
                ? variable.value().map(Sensitive::value)
                : Optional.of("not a variable: " + content);
    }

    static Stream<Arguments> variables() {
        return Stream.of(
                Arguments.of("Its own .env", "include: [i/compose.yaml]", Map.of("i/.env", "V=its"), "its"),
                Arguments.of(
                        "The including project counts more",
                        "include: [i/compose.yaml]",
                        Map.of("i/.env", "V=its", ".env", "V=ours"),
                        "ours"),
                Arguments.of("Only ours", "include: [i/compose.yaml]", Map.of(".env", "V=ours"), "ours"),
                Arguments.of(
                        "A named file instead of .env",
                        "include: [{path: i/compose.yaml, env_file: e/x.env}]",
                        Map.of("i/.env", "V=its", "e/x.env", "V=named"),
                        "named"),
                Arguments.of(
                        "Several, the later counts",
                        "include: [{path: i/compose.yaml, env_file: [1.env, 2.env]}]",
                        Map.of("1.env", "V=1\nW=x", "2.env", "V=2$W"),
                        "2x"),
                Arguments.of(
                        "None at all",
                        "include: [{path: i/compose.yaml, env_file: /dev/null}]",
                        Map.of("i/.env", "V=its"),
                        ""));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("variables")
    void an_included_project_has_variables_of_its_own(
            String what, String include, Map<String, String> files, String expected) {
        assertThat(what).isNotEmpty();
        var all = new HashMap<>(files);
        all.put("compose.yaml", include + "\nservices: {a: {image: 'x${V}'}}");
        all.put("i/compose.yaml", "services: {b: {image: 'y${V}', environment: [V, NOT_SET]}}");
        var ours = files.getOrDefault(".env", "").replace("V=", "");
        var inherited = expected.isEmpty() ? "~" : "'" + expected + "'";
        assertThat(merged(all))
                .isEqualTo(TreeText.ofYaml("services: {a: {image: 'x" + ours + "'}, b: {image: 'y" + expected
                        + "', environment: {V: " + inherited + ", NOT_SET: ~}}}"));
    }

    static Stream<Arguments> conflicts() {
        return Stream.of(
                Arguments.of(
                        "include: [i.yaml]\nservices: {b: {image: z, ports: ['2']}}",
                        "services: {b: {image: z, ports: ['1', '2'], user: i}}"),
                Arguments.of(
                        "include: [i.yaml, j.yaml]\nservices: {b: {hostname: h}}",
                        "services: {b: {image: i, ports: ['3', '1'], user: i, hostname: h}}"),
                Arguments.of(
                        "include: [i.yaml]\nservices: {b: {ports: !reset [], user: !override q}}",
                        "services: {b: {image: i, user: q}}"),
                Arguments.of(
                        "include: [i.yaml]\nservices: {c: {extends: b, user: c}}",
                        "services: {b: {image: i, ports: ['1'], user: i}, c: {image: i, ports: ['1'], user: c}}"));
    }

    @ParameterizedTest
    @MethodSource("conflicts")
    void what_is_said_here_counts_more_and_the_earlier_include_more_than_the_later(String main, String expected) {
        assertThat(merged(Map.of(
                        "compose.yaml", main,
                        "i.yaml", "services: {b: {image: i, ports: ['1'], user: i}}",
                        "j.yaml", "services: {b: {image: j, ports: ['3']}}")))
                .isEqualTo(TreeText.ofYaml(expected));
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                Arguments.of("include: a.yaml", "compose.yaml:1:10: include: must be a list: - FILE"),
                Arguments.of("include: [3]", "compose.yaml:1:11: include[0]: must be a path, or a mapping with path:"),
                Arguments.of("include: [nope.yaml]", "compose.yaml:1:11: include[0]: no such file: nope.yaml"),
                Arguments.of(
                        "include: [{pth: a.yaml}]",
                        "compose.yaml:1:12: include[0].pth: unknown key. Did you mean \"path\"?"),
                Arguments.of(
                        "include: [{env_file: x}]",
                        "compose.yaml:1:11: include[0].path: is required: one path, or a list of them"),
                Arguments.of(
                        "include: [{path: ok.yaml, env_file: no.env}]",
                        "compose.yaml:1:37: include[0].env_file: env file no.env not found"),
                Arguments.of(
                        "include: ['oci://example.com/x:1']",
                        "compose.yaml:1:11: include[0]: cannot be fetched from elsewhere. Include files that are here"),
                Arguments.of(
                        "include: ['git@github.com:a/b.git']",
                        "compose.yaml:1:11: include[0]: cannot be fetched from elsewhere. Include files that are here"),
                Arguments.of(
                        "include: [compose.yaml]",
                        "compose.yaml:1:11: include[0]: files include each other in a circle: compose.yaml →"
                                + " compose.yaml"),
                Arguments.of(
                        "include: [sub/1.yaml]",
                        "sub/2.yaml:1:11: include[0]: files include each other in a circle: sub/1.yaml → sub/2.yaml →"
                                + " sub/1.yaml"),
                Arguments.of(
                        "include: [bad.yaml]",
                        "compose.yaml:2:15: services.b: a mapping cannot override text (bad.yaml:1:15)"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void a_mistake_is_told_where_it_stands(String include, String error) {
        var tree = load(Map.of(
                "compose.yaml", include + "\nservices: {b: {image: x}}",
                "ok.yaml", "services: {c: {image: x}}",
                "bad.yaml", "services: {b: text}",
                "sub/1.yaml", "include: [2.yaml]",
                "sub/2.yaml", "include: [1.yaml]"));
        assertThat(tree.errors().stream().map(Object::toString)).contains(error);
    }

    @Test
    void includes_that_multiply_are_bounded() {
        var files = new HashMap<String, String>();
        for (var i = 0; i < 40; i++) {
            files.put(i + ".yaml", "include: [{path: " + (i + 1) + ".yaml}, {path: ./" + (i + 1) + ".yaml}]");
        }
        files.put("40.yaml", "services: {}");
        files.put("compose.yaml", "include: [0.yaml]");
        assertThat(load(files).errors()).anySatisfy(e -> assertThat(e.message()).isEqualTo("more than 1000 includes"));
    }

    private static String merged(Map<String, String> files) {
        var tree = load(files);
        assertThat(tree.errors()).isEmpty();
        return TreeText.of(tree.root().orElseThrow());
    }

    private static MergedTree load(Map<String, String> files) {
        var tree = new MemoryTree();
        files.forEach(tree::with);
        return new ComposeLoader().tree(LoadRequest.of(tree).withDefaultName("p"));
    }
}
