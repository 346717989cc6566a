package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code diff}, and {@code plan} of what is elsewhere, need neither a host nor root. */
class DiffCommandTest {
    @TempDir
    private Path directory;

    private void repository() throws GitAPIException, IOException {
        try (var git = Git.init()
                .setDirectory(directory.toFile())
                .setInitialBranch("main")
                .call()) {
            for (var image : new String[] {"one", "two"}) {
                Files.writeString(
                        directory.resolve("compose.yaml"), "name: shop\nservices: {web: {image: '" + image + "'}}\n");
                git.add().addFilepattern(".").call();
                git.commit()
                        .setMessage("Image " + image)
                        .setAuthor("Ann", "ann@example.com")
                        .setCommitter("Ann", "ann@example.com")
                        .setSign(false)
                        .call();
            }
        }
    }

    @Test
    void it_ends_as_diff_does_and_says_what_changes() throws GitAPIException, IOException {
        repository();
        var different = Console.unprivileged(directory);
        assertThat(different.run("diff", "HEAD~1..")).isEqualTo(1);
        assertThat(different.out()).contains("image: one:latest → two:latest (known after pull)");
        var same = Console.unprivileged(directory);
        assertThat(same.run("diff", "main..HEAD")).isZero();
        var json = Console.unprivileged(directory);
        assertThat(json.run("diff", "HEAD~1..HEAD", "-o", "json")).isEqualTo(1);
        assertThat(json.out()).startsWith("{\n  \"format\" : \"lockstep.review/1\",");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "diff                        | 2 | diff takes one range of commits: BASE..HEAD, for example main..HEAD",
                "diff HEAD                   | 2 | \"HEAD\" is no range of commits",
                "diff a...b                  | 2 | \"a...b\" is no range of commits",
                "diff nix..HEAD              | 2 | \"nix\" is no branch, tag or commit in it",
                "diff HEAD..HEAD -o yaml     | 2 | --output takes text, markdown or json, not \"yaml\"",
                "diff --nix HEAD..HEAD       | 2 | unknown option: '--nix'",
                "plan --all-hosts            | 1 | 'lockstep plan --all-hosts BASE..HEAD'",
                "plan --host web1            | 1 | 'lockstep plan --host web1 BASE..HEAD'",
                "plan x                      | 1 | plan takes 'show FILE' or BASE..HEAD and no other words, not \"x\"",
                "plan HEAD..HEAD --pull never | 1 | --pull is of plans for this host",
                "plan show                   | 1 | plan show takes the file",
                "plan show nix               | 1 | no such file; 'lockstep plan --out FILE' writes one",
                "plan show compose.yaml      | 1 | is no saved plan: 'lockstep plan --out FILE' writes one",
                "plan --revision nix         | 1 | \"nix\" is no branch, tag or commit in it",
                "plan --out /none/x          | 1 | there is no such directory",
                "apply compose.yaml          | 1 | is no saved plan: 'lockstep plan --out FILE' writes one",
            })
    void what_cannot_be_meant_is_one_sentence(String words, int code, String sentence)
            throws GitAPIException, IOException {
        repository();
        var console = Console.unprivileged(directory);

        assertThat(console.run(words.strip().split(" +"))).isEqualTo(code);
        assertThat(console.err().strip()).contains(sentence).hasLineCount(1);
    }

    @Test
    void without_a_repository_it_says_where_to_call_it() {
        var console = Console.unprivileged(directory);

        assertThat(console.run("diff", "a..b")).isEqualTo(2);
        assertThat(console.err()).contains("is not in a Git repository: call it where the commits of a..b are");
    }

    @Test
    void plan_of_a_range_has_the_exit_codes_of_plan() throws GitAPIException, IOException {
        repository();
        assertThat(Console.unprivileged(directory).run("plan", "HEAD~1..HEAD")).isZero();
        assertThat(Console.unprivileged(directory).run("plan", "HEAD~1..HEAD", "--detailed-exitcode"))
                .isEqualTo(2);
        assertThat(Console.unprivileged(directory).run("plan", "--host", "h", "HEAD..HEAD", "--detailed-exitcode"))
                .isZero();
    }
}
