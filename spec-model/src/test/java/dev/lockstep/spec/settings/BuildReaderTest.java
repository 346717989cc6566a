package dev.lockstep.spec.settings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.yaml.Problem;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BuildReaderTest {
    private static RepositorySettings.Read read(String build) {
        return RepositorySettings.read(
                "lockstep.yaml", ("builds: {app: {" + build + "}}").getBytes(StandardCharsets.UTF_8));
    }

    private static Build build(String build) {
        return switch (read(build)) {
            case RepositorySettings.Read.Valid valid ->
                java.util.Objects.requireNonNull(valid.settings().builds().get("app"));
            case RepositorySettings.Read.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }

    @Test
    void everything_that_can_be_said() {
        var build = build("""
                image: shop, when: {tags: v*, branches: main, paths: [./app/, "docs/**/*.md"], moved: allow},
                test: {command: pytest -k 'a b', service: shop/web, timeout: 90s, reports: /out,
                  matrix: {PYTHON: ["3.12", "3.13"], DEBUG: ["true"]}}
                """);
        assertThat(build.when())
                .isEqualTo(new Build.When(List.of("v*"), List.of("main"), List.of("app", "docs/**/*.md"), true));
        assertThat(build.test())
                .contains(new Build.Test(
                        List.of("pytest", "-k", "a b"),
                        Optional.of("shop/web"),
                        Duration.ofSeconds(90),
                        Optional.of("/out"),
                        Map.of("PYTHON", List.of("3.12", "3.13"), "DEBUG", List.of("true"))));
        assertThat(build.test().orElseThrow().combinations()).isEqualTo(2);
    }

    @Test
    void a_test_may_be_just_its_command() {
        var expected = new Build.Test(
                List.of("pytest", "-q"), Optional.empty(), Duration.ofMinutes(10), Optional.empty(), Map.of());
        assertThat(build("image: a, when: {tags: v*}, test: pytest -q").test()).contains(expected);
        assertThat(build("image: a, when: {tags: v*}, test: [pytest, -q]").test())
                .contains(expected);
        assertThat(build("image: a, when: {tags: v*}").test()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "shop, false",
        "team/shop, false",
        "localhost/shop, true",
        "registry.example.com/shop, true",
        "registry:5000/shop, true"
    })
    void an_image_is_pushed_where_its_name_says_where_to(String image, boolean pushed) {
        assertThat(build("image: '" + image + "', when: {tags: v*}").push()).isEqualTo(pushed);
        assertThat(build("image: '" + image + "', when: {tags: v*}, push: false")
                        .push())
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            tags: v*                 | {tag}
            branches: main           | {branch}-{sha7}
            tags: v*, branches: main | {tag},{branch}-{sha7}
            """)
    void without_tags_each_push_gives_one(String when, String tags) {
        assertThat(String.join(",", build("image: a, when: {" + when + "}").tags()))
                .isEqualTo(tags);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            image: a, when: {tags: v*, paths: src}                | builds.app.when.paths: only pushes to branches are looked at for what they changed
            image: a, when: {branches: main, moved: allow}        | builds.app.when.moved: only tags are refused when they move
            image: a, when: {tags: v*, moved: yes please}         | "yes please" is not what can become of a tag that was moved
            image: a, when: {branches: refs/pull/*/head}          | only branches of the repository itself are built, by their short names
            image: a, when: {branches: main, paths: ../x}         | "../x" must be inside of the repository
            image: a, when: {tags: '>=1 <y'}                      | builds.app.when.tags: ">=1 <y" is not a range of versions: "y" is no version
            image: a, when: {tags: v*}, tags: '{branch}'          | builds.app.tags: none of them can be filled in for a tag
            image: a, when: {branches: main}, tags: ['{version}'] | builds.app.tags: none of them can be filled in for a branch
            image: a, when: {tags: v*}, secrets: [../shadow]      | builds.app.secrets: "../shadow" is not the name of a secret. Write [NAME], or {ID: NAME}
            image: a, when: {tags: v*}, push: true                | builds.app.push: image "a" names no registry to send it to
            image: a, when: {tags: v*}, test: 'a && b'            | builds.app.test: no shell runs it, so "&" has no meaning. Write [sh, -c, '…']
            image: a, when: {tags: v*}, test: {timeout: 25h}      | builds.app.test.timeout: must be more than nothing and at most 24h
            image: a, when: {tags: v*}, test: {reports: /a/../b}  | must be an absolute path in the container
            image: a, when: {tags: v*}, test: {service: a/b/c}    | "a/b/c" is not a service. Write SERVICE or STACK/SERVICE
            image: a, when: {tags: v*}, test: {matrix: {A: []}}   | builds.app.test.matrix.A: has no values
            image: a, when: {tags: v*}, test: {matrix: {P: [3.10]}} | builds.app.test.matrix.P[0]: must be text, and YAML takes 3.10 for a number
            image: a, when: {tags: v*}, test: {comand: x}         | builds.app.test.comand: unknown key. Did you mean "command"?
            """)
    void what_cannot_be_meant_is_told_where_it_stands(String build, String message) {
        assertThat(read(build))
                .isInstanceOfSatisfying(
                        RepositorySettings.Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .extracting(Problem::toString)
                                .anyMatch(error -> error.contains(message)));
    }

    @Test
    void a_matrix_has_an_end() {
        var values = "[" + String.join(",", java.util.Collections.nCopies(9, "x")) + "]";
        assertThat(read("image: a, when: {tags: v*}, test: {matrix: {A: " + values + ", B: " + values + "}}"))
                .isInstanceOfSatisfying(
                        RepositorySettings.Read.Invalid.class,
                        invalid -> assertThat(invalid.errors().toString())
                                .contains("asks for 81 images; 64 are the most"));
    }
}
