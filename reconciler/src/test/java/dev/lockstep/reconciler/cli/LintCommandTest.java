package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code lint}: which files it finds, what it prints, and its exit codes. */
class LintCommandTest {
    @TempDir
    private Path directory;

    private void file(String name, String text) throws IOException {
        var file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private Console run(int code, String... args) {
        var console = Console.in(directory, Map.of("COMPOSE_FILE", "elsewhere.yaml"));
        var all = new String[args.length + 1];
        all[0] = "lint";
        System.arraycopy(args, 0, all, 1, args.length);
        assertThat(console.run(all)).as(() -> console.out() + console.err()).isEqualTo(code);
        return console;
    }

    @Test
    void dockerfiles_and_compose_files_are_found_by_their_names() throws IOException {
        for (var name : new String[] {
            "Dockerfile", "web/Dockerfile.dev", "web/api.Dockerfile", "web/Containerfile", "a b/dockerfile"
        }) {
            file(name, "FROM debian\n");
        }
        for (var name : new String[] {
            "Dockerfile.dockerignore",
            "Dockerfile.bak",
            "Dockerfile.md",
            "node_modules/x/Dockerfile",
            ".git/Dockerfile",
            "dockerfiles/readme"
        }) {
            file(name, "not this one\n");
        }
        file("stacks/a/compose.yaml", "services: {a: {image: x, privileged: true}}\n");
        file("stacks/a/compose.override.yaml", "services: {a: {ipc: host}}\n");
        Files.createSymbolicLink(directory.resolve("link"), directory.resolve("web"));

        assertThat(run(1).out().lines().filter(line -> !line.contains(" info ")))
                .containsExactly(
                        "Dockerfile:1 DL3006 warning the base image debian has no tag: write which version is meant",
                        "a b/dockerfile:1 DL3006 warning the base image debian has no tag: write which version is"
                                + " meant",
                        "stacks/a/compose.override.yaml:1 LS1007 warning services.a.ipc: memory is shared with the"
                                + " host's processes",
                        "stacks/a/compose.yaml:1 LS1030 warning services.a.image: x does not say which version is"
                                + " meant",
                        "stacks/a/compose.yaml:1 LS1001 error services.a.privileged: the container is as strong as root"
                                + " on the host",
                        "web/Containerfile:1 DL3006 warning the base image debian has no tag: write which version is"
                                + " meant",
                        "web/Dockerfile.dev:1 DL3006 warning the base image debian has no tag: write which version is"
                                + " meant",
                        "web/api.Dockerfile:1 DL3006 warning the base image debian has no tag: write which version is"
                                + " meant");
        assertThat(run(1, "web").out().lines()).hasSize(3).allMatch(line -> line.startsWith("web/"));
        assertThat(run(1, "web/Dockerfile.dev", "--ignore", "dl3057").out()).startsWith("web/Dockerfile.dev:1 DL3006");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({"error, 0", "warning, 1", "info, 1", "style, 1", "none, 0"})
    void the_threshold_decides_the_exit_code_and_not_what_is_printed(String threshold, int code) throws IOException {
        file("Dockerfile", "FROM debian:12\nRUN cd /x\n");
        assertThat(run(code, "-t", threshold).out())
                .isEqualTo("Dockerfile:2 DL3003 warning cd holds for this RUN" + " alone: use WORKDIR\n");
    }

    @Test
    void notes_alone_are_no_failure_unless_they_are_asked_for() throws IOException {
        file("Dockerfile", "FROM debian:12\nUSER app\n");
        assertThat(run(0).out()).contains(" DL3066 info ");
        run(1, "--failure-threshold=info");
    }

    @Test
    void a_file_that_is_none_ends_with_two_and_says_all_that_is_wrong() throws IOException {
        file("Dockerfile", "FROM debian:12\nFORM x\nEXPOSE 99999\n");
        file("compose.yaml", "services: {a: {imag: x}}\n");
        assertThat(run(2, "-t", "none").out().lines())
                .containsExactly(
                        "Dockerfile:2 DL1000 error unknown instruction: FORM (did you mean FROM?)",
                        "Dockerfile:3 DL3011 error invalid containerPort: 99999: the highest port is 65535",
                        "compose.yaml:1 LS1000 error services.a.imag: unknown key. Did you mean \"image\"?");
    }

    @Test
    void a_dockerfile_within_a_compose_file_is_looked_through_at_its_place() throws IOException {
        file("compose.yaml", """
            services:
              web:
                build:
                  dockerfile_inline: |
                    FROM debian:12
                    RUN cd /x
            """);
        assertThat(run(1, "compose.yaml").out())
                .contains("compose.yaml:4 DL3003 warning services.web.build.dockerfile_inline: line 2: cd holds for");
    }

    @Test
    void json_and_sarif_have_the_same_findings() throws IOException {
        file("app/Dockerfile", "FROM debian:12\nRUN cd /x\nUSER app\n");
        var json = new JsonMapper().readTree(run(1, "-o", "json").out());
        assertThat(json.path("format").asText()).isEqualTo("lockstep.lint/1");
        var finding = json.path("findings").path(0);
        assertThat(finding.path("rule").asText() + " "
                        + finding.path("severity").asText() + " "
                        + finding.path("file").asText() + ":"
                        + finding.path("line").asInt())
                .isEqualTo("DL3003 warning app/Dockerfile:2");
        var sarif = new JsonMapper()
                .readTree(run(1, "-o", "sarif").out())
                .path("runs")
                .path(0);
        assertThat(sarif.path("results")).hasSize(2);
        assertThat(sarif.path("results").path(1).path("level").asText()).isEqualTo("note");
        assertThat(sarif.path("results")
                        .path(0)
                        .path("locations")
                        .path(0)
                        .path("physicalLocation")
                        .path("artifactLocation")
                        .path("uri")
                        .asText())
                .isEqualTo("app/Dockerfile");
        assertThat(sarif.path("tool")
                        .path("driver")
                        .path("rules")
                        .path(0)
                        .path("id")
                        .asText())
                .isEqualTo("DL3003");
    }

    @Test
    void registries_and_labels_are_checked_when_they_are_asked_for() throws IOException {
        file("Dockerfile", "FROM quay.io/x:1\nLABEL a=b\n");
        assertThat(run(
                                1,
                                "--trusted-registry",
                                "docker.io",
                                "--require-label",
                                "v:semver",
                                "--strict-labels",
                                "-t",
                                "error")
                        .out()
                        .lines()
                        .map(line -> line.split(" ", -1)[1]))
                .containsExactlyInAnyOrder("DL3026", "DL3049", "DL3050");
        run(0, "--trusted-registry", "*.io");
    }

    @Test
    void rules_are_left_out_and_asked_for() throws IOException {
        file("Dockerfile", "FROM debian:12\nRUN cd /x && sudo y\n");
        file("compose.yaml", "services: {a: {image: 'x:1', pid: host}}\n");
        assertThat(run(0, "--ignore", "DL3003,dl3004", "--ignore=LS1006").out()).doesNotContain("DL300", "LS1006");
        assertThat(run(1, "--enable", "DL3057", "Dockerfile").out()).contains("Dockerfile:1 DL3057 info");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--ignore=DL300", "--enable=x", "--require-label=a:b", "nowhere", "--frob"})
    void what_makes_no_sense_ends_with_two(String argument) {
        assertThat(run(2, argument).err()).isNotBlank();
    }

    @Test
    void a_misspelt_rule_has_a_suggestion() {
        assertThat(run(2, "--ignore", "DL4O06").err())
                .contains("there is no rule \"DL4O06\". Did you mean \"DL4006\"?");
    }

    @Test
    void a_directory_without_such_files_says_so() {
        var console = run(0);
        assertThat(console.out()).isEmpty();
        assertThat(console.err()).contains("no Dockerfile and no Compose file was found.");
    }

    @Test
    void what_the_ignore_file_leaves_out_cannot_be_copied() throws IOException {
        file("a/Dockerfile", "FROM debian:12\nCOPY secret /x\nCOPY dir/./kept dir/gone /y/\n");
        file("a/.dockerignore", "secret\ndir/*\n!dir/kept\n");
        file("b/Dockerfile", "FROM debian:12\nCOPY secret /x\n");
        file("b/Dockerfile.dockerignore", "# nothing\n");
        file("b/.dockerignore", "secret\n");
        assertThat(run(1).out().lines())
                .containsExactly(
                        "a/Dockerfile:2 CopyIgnoredFile warning Attempting to COPY file \"secret\" that is excluded by"
                                + " .dockerignore",
                        "a/Dockerfile:3 CopyIgnoredFile warning Attempting to COPY file \"dir/gone\" that is excluded"
                                + " by .dockerignore");
    }
}
