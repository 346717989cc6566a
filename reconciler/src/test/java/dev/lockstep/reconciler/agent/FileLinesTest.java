package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.WorkTree;
import dev.lockstep.reconciler.plan.LineCommit;
import dev.lockstep.spec.yaml.SourcePosition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which commit a value comes from. */
class FileLinesTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private static final String FIRST = """
            services:
              web:
                command:
                - sleep
                - "10"
                environment:
                  LEVEL: info
                  TEXT: |
                    one

                    # two
                    three
                ports: ["80:80"]
                image: x
            """;

    @TempDir
    private Path directory;

    private Git git;

    @BeforeEach
    void repository() throws GitAPIException, IOException {
        git = Git.init()
                .setDirectory(directory.toFile())
                .setInitialBranch("main")
                .call();
        commit("first", FIRST);
    }

    @AfterEach
    void close() {
        git.close();
    }

    private void commit(String message, String content) throws GitAPIException, IOException {
        Files.writeString(directory.resolve("compose.yaml"), content);
        git.add().addFilepattern(".").call();
        git.commit()
                .setMessage(message)
                .setAuthor("Ann", "ann@example.com")
                .setCommitter("Ann", "ann@example.com")
                .setSign(false)
                .call();
    }

    private Optional<String> subject(int line, Duration budget) throws GitException {
        try (var tree = WorkTree.open(directory, GitSettings.defaults())) {
            return new FileLines(tree.lines(budget).orElseThrow(), this::file)
                    .of(new SourcePosition("compose.yaml", line, 5))
                    .map(LineCommit::subject);
        }
    }

    private Optional<FileLines.Found> file(String name) {
        try {
            return Optional.of(new FileLines.Found(name, Files.readString(directory.resolve(name))));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @ParameterizedTest
    @CsvSource({"3, 5", "4, 4", "6, 12", "7, 7", "8, 12", "13, 13", "14, 14", "2, 14", "1, 14", "99, 99"})
    void a_value_ends_where_its_indentation_does(int first, int last) {
        assertThat(FileLines.last(List.of(FIRST.split("\n")), new SourcePosition("compose.yaml", first, 5)))
                .isEqualTo(last);
    }

    @Test
    void the_newest_commit_of_any_of_its_lines_is_told() throws GitAPIException, IOException {
        var second = FIRST.replace("\"10\"", "\"20\"");
        commit("second", second);
        var third = second.replace("three", "four");
        commit("third", "# moved down\n" + third);

        assertThat(subject(4, LONG)).contains("second");
        assertThat(subject(8, LONG)).contains("first");
        assertThat(subject(9, LONG)).contains("third");
        assertThat(subject(15, LONG)).contains("first");
    }

    @Test
    void a_line_that_is_not_committed_is_from_no_commit_and_the_others_are() throws IOException {
        Files.writeString(directory.resolve("compose.yaml"), "# one more\n" + FIRST.replace("info", "debug"));

        assertThat(subject(8, LONG)).isEmpty();
        assertThat(subject(14, LONG)).contains("first");
    }

    @Test
    void a_branch_that_was_merged_keeps_its_commits() throws GitAPIException, IOException {
        git.checkout().setCreateBranch(true).setName("side").call();
        commit("on the side", FIRST.replace("info", "debug"));
        git.checkout().setName("main").call();
        Files.writeString(directory.resolve("other"), "x");
        commit("on main", FIRST);
        git.merge()
                .include(git.getRepository().resolve("side"))
                .setMessage("merged")
                .call();

        assertThat(subject(7, LONG)).contains("on the side");
        assertThat(subject(3, LONG)).contains("first");
    }

    @Test
    void nothing_is_told_when_time_is_over_or_the_history_is_cut() throws IOException {
        assertThat(subject(7, Duration.ZERO)).isEmpty();
        assertThat(subject(7, LONG)).contains("first");
        Files.writeString(
                directory.resolve(".git/shallow"),
                Objects.requireNonNull(git.getRepository().resolve("HEAD")).name() + "\n");
        assertThat(subject(7, LONG)).isEmpty();
    }

    @Test
    void a_name_that_is_none_of_a_commit_is_one_sentence() throws GitException {
        try (var tree = WorkTree.open(directory, GitSettings.defaults())) {
            for (var name : List.of("nix", "HEAD~7", "^^{", "refs/heads/none", "0000000")) {
                assertThatThrownBy(() -> tree.revision(name))
                        .isInstanceOf(GitException.class)
                        .hasMessageContaining("\"" + name + "\" is no ")
                        .hasMessageContaining(directory.toString());
            }
            assertThat(tree.revision("main").subject()).isEqualTo("first");
        }
    }

    @Test
    void a_file_elsewhere_and_a_variable_of_the_environment_are_from_no_commit() throws GitException {
        try (var tree = WorkTree.open(directory, GitSettings.defaults())) {
            var lines = tree.lines(LONG).orElseThrow();
            var content = Optional.of(FIRST.getBytes(StandardCharsets.UTF_8));
            assertThat(lines.of("/etc/passwd", 1, 1, content)).isEmpty();
            assertThat(lines.of("none.yaml", 1, 1, content)).isEmpty();
        }
    }
}
