package dev.lockstep.spec.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ExtendsTest {
    @Test
    void a_service_inherits_all_of_the_one_it_extends() {
        var tree = merged(Map.of("compose.yaml", """
                services:
                  a:
                    image: x
                    ports: ["80"]
                    depends_on: [c]
                    environment: [A=1, B=1]
                    profiles: [p]
                  b:
                    extends: a
                    ports: ["81"]
                    environment: {B: 2}
                  c:
                    extends: {service: b}
                    image: z
                """));
        assertThat(tree).isEqualTo(TreeText.ofYaml("""
                services:
                  a: {image: x, ports: ["80"], depends_on: [c], environment: [A=1, B=1], profiles: [p]}
                  b: {image: x, ports: ["80", "81"], depends_on: [c], environment: {A: '1', B: 2}, profiles: [p]}
                  c: {image: z, ports: ["80", "81"], depends_on: [c], environment: {A: '1', B: 2}, profiles: [p]}
                """));
    }

    @Test
    void paths_of_another_file_are_seen_from_here_through_several_directories() {
        var tree = merged(Map.of(
                "compose.yaml",
                "services: {a: {extends: {file: sub/base.yaml, service: b}, env_file: own.env}}",
                "sub/base.yaml",
                """
                services:
                  b:
                    extends: {file: ../other/deep.yaml, service: d}
                    env_file: [b.env, {path: c.env, required: false}]
                    label_file: l.env
                    volumes: [./data:/data, named:/n, {type: bind, source: x, target: /x}, /abs:/abs, ~/h:/h, ../up:/up]
                    build: {context: ., additional_contexts: [y=./y, i=docker-image://i, s=service:s]}
                """,
                "other/deep.yaml",
                """
                services:
                  d:
                    env_file: d.env
                    build: "https://example.com/repo.git"
                    develop: {watch: [{path: src, action: rebuild}]}
                networks: {not_taken: {}}
                """));
        assertThat(tree).isEqualTo(TreeText.ofYaml("""
                services:
                  a:
                    env_file: [other/d.env, sub/b.env, {path: sub/c.env, required: false}, own.env]
                    label_file: sub/l.env
                    volumes: [./sub/data:/data, named:/n, {type: bind, source: sub/x, target: /x}, /abs:/abs, ~/h:/h, ./up:/up]
                    build: {context: sub, additional_contexts: [y=sub/y, i=docker-image://i, s=service:s]}
                    develop: {watch: [{path: other/src, action: rebuild}]}
                """));
    }

    @Test
    void an_extended_file_sees_the_variables_of_the_project_and_what_it_forgets_of_its_own_base() {
        var tree = merged(Map.of(
                ".env",
                "V=1",
                "compose.yaml",
                "services: {a: {extends: {file: base.yaml, service: b}, user: !reset null, command: !override [x]}}",
                "base.yaml",
                """
                include: [nowhere.yaml]
                services:
                  b: {extends: c, image: "i:${V}", ports: !reset []}
                  c: {user: u, command: [y], ports: ["1"], hostname: h}
                """));
        assertThat(tree).isEqualTo(TreeText.ofYaml("services: {a: {image: 'i:1', command: [x], hostname: h}}"));
    }

    @Test
    void documents_of_an_extended_file_are_put_over_each_other() {
        var tree = merged(Map.of(
                "compose.yaml",
                "services: {a: {extends: {file: base.yaml, service: b}}}",
                "base.yaml",
                "services: {b: {image: x, user: u}}\n---\nservices: {b: {image: y}}"));
        assertThat(tree).isEqualTo(TreeText.ofYaml("services: {a: {image: y, user: u}}"));
    }

    @Test
    void each_file_over_another_has_its_own_extends() {
        var tree = load(
                Map.of(
                        "1.yaml", "services: {a: {extends: base, user: u}, base: {image: x}}",
                        "2.yaml", "services: {a: {extends: base2}, base2: {image: y, hostname: h}}"),
                "1.yaml",
                "2.yaml");
        assertThat(TreeText.of(tree.root().orElseThrow()))
                .isEqualTo(
                        TreeText.ofYaml(
                                "services: {a: {image: y, user: u, hostname: h}, base: {image: x}, base2: {image: y, hostname: h}}"));
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                Arguments.of(
                        "a: {extends: bsae}\n  base: {image: x}",
                        "compose.yaml:2:16: services.a.extends: cannot extend service \"a\" in compose.yaml: service"
                                + " \"bsae\" not found. Did you mean \"base\"?"),
                Arguments.of(
                        "a: {extends: {file: other.yaml, service: nope}}",
                        "compose.yaml:2:7: services.a.extends: cannot extend service \"a\" in compose.yaml: service"
                                + " \"nope\" not found in other.yaml"),
                Arguments.of(
                        "a: {extends: {file: missing.yaml, service: x}}",
                        "compose.yaml:2:23: services.a.extends.file: no such file: missing.yaml"),
                Arguments.of(
                        "a: {extends: {file: none.yaml, service: x}}",
                        "compose.yaml:2:23: services.a.extends.file: none.yaml has no services"),
                Arguments.of(
                        "a: {extends: {file: other.yaml}}",
                        "compose.yaml:2:16: services.a.extends.service: is required: the name of a service"),
                Arguments.of(
                        "a: {extends: {sevice: b, service: b}}\n  b: {image: x}",
                        "compose.yaml:2:17: services.a.extends.sevice: unknown key. Did you mean \"service\"?"),
                Arguments.of(
                        "a: {extends: [b]}",
                        "compose.yaml:2:16: services.a.extends: must be the name of a service, or a mapping with service:"
                                + " and file:"),
                Arguments.of(
                        "a: {extends: {file: 'https://example.com/x.yaml', service: b}}",
                        "compose.yaml:2:23: services.a.extends.file: cannot be fetched from elsewhere. Name a file that"
                                + " is here"),
                Arguments.of(
                        "a: {extends: a}",
                        "compose.yaml:2:16: services.a.extends: services extend each other in a circle: a in compose.yaml"
                                + " → a in compose.yaml"),
                Arguments.of(
                        "a: {extends: {file: loop.yaml, service: b}}",
                        "loop.yaml:1:16: services.b.extends: services extend each other in a circle: a in compose.yaml →"
                                + " b in loop.yaml → a in compose.yaml"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void a_mistake_is_told_where_it_stands(String services, String error) {
        var tree = load(Map.of(
                "compose.yaml",
                "services:\n  " + services,
                "other.yaml",
                "services: {b: {image: x}}",
                "none.yaml",
                "volumes: {}",
                "loop.yaml",
                "services: {b: {extends: {file: compose.yaml, service: a}}}"));
        assertThat(tree.errors().stream().map(Object::toString)).contains(error);
    }

    @Test
    void a_long_chain_is_refused_and_a_wide_one_is_quick() {
        var chain = IntStream.range(0, 5000)
                .mapToObj(i -> "  s" + i + ": {extends: s" + (i + 1) + "}")
                .collect(Collectors.joining("\n"));
        assertThat(load(Map.of("compose.yaml", "services:\n" + chain)).errors())
                .anySatisfy(e -> assertThat(e.message()).contains("more than 100 services extend each other in a row"));
        var wide = IntStream.range(0, 5000)
                .mapToObj(i -> "  s" + i + ": {extends: {file: base.yaml, service: b}}")
                .collect(Collectors.joining("\n"));
        assertThat(load(Map.of("compose.yaml", "services:\n" + wide, "base.yaml", "services: {b: {image: x}}"))
                        .errors())
                .isEmpty();
    }

    @Test
    void what_extends_multiplies_is_bounded() {
        var big = IntStream.range(0, 2000).mapToObj(i -> "K" + i + ": v").collect(Collectors.joining(", "));
        var many = IntStream.range(0, 2000)
                .mapToObj(i -> "  s" + i + ": {extends: base}")
                .collect(Collectors.joining("\n"));
        var tree = load(Map.of("compose.yaml", "services:\n  base: {image: x, environment: {" + big + "}}\n" + many));
        assertThat(tree.errors().stream().map(Object::toString))
                .contains("compose.yaml:1:1: extends and include make more than 500000 values of these files");
    }

    private static String merged(Map<String, String> files) {
        var tree = load(files);
        assertThat(tree.errors()).isEmpty();
        return TreeText.of(tree.root().orElseThrow());
    }

    private static MergedTree load(Map<String, String> files, String... named) {
        var tree = new MemoryTree();
        files.forEach(tree::with);
        return new ComposeLoader()
                .tree(LoadRequest.of(tree).withDefaultName("p").withFiles(List.of(named)));
    }
}
