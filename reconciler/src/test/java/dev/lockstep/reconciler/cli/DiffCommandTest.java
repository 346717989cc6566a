package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.Objects;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.lib.CommitBuilder;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.PersonIdent;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.lib.TreeFormatter;
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
        assertThat(json.out()).startsWith("{\n  \"format\": \"lockstep.review/1\",");
    }

    @Test
    void what_no_host_could_do_is_an_error() throws GitAPIException, IOException {
        repository();
        try (var git = Git.open(directory.toFile())) {
            for (var options : new String[] {"{}", "{driver_opts: {type: tmpfs, device: tmpfs}}"}) {
                Files.writeString(
                        directory.resolve("compose.yaml"),
                        "name: shop\nservices: {web: {image: one, volumes: ['data:/data']}}\nvolumes: {data: " + options
                                + "}\n");
                git.add().addFilepattern(".").call();
                git.commit()
                        .setMessage("Volume " + options)
                        .setAuthor("Ann", "ann@example.com")
                        .setCommitter("Ann", "ann@example.com")
                        .setSign(false)
                        .call();
            }
        }
        var diff = Console.unprivileged(directory);
        assertThat(diff.run("diff", "HEAD~1..HEAD")).isEqualTo(2);
        assertThat(diff.out()).contains("Error: compose.yaml:", "volume shop_data was made with");
        var plan = Console.unprivileged(directory);
        assertThat(plan.run("plan", "HEAD~1..HEAD", "--detailed-exitcode")).isEqualTo(1);
        assertThat(plan.out()).contains("Error: compose.yaml:");
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
                "plan --all-hosts            | 1 | no host has reported anything, as this repository has no remote; say"
                        + " from which commit to which: 'lockstep plan --all-hosts BASE..HEAD'",
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
    void another_host_is_planned_from_what_it_has_reported() throws GitAPIException, IOException {
        repository();
        String applied;
        try (var git = Git.open(directory.toFile());
                var remote = Git.init()
                        .setBare(true)
                        .setDirectory(directory.resolve("remote.git").toFile())
                        .call()) {
            git.remoteAdd()
                    .setName("origin")
                    .setUri(new org.eclipse.jgit.transport.URIish("remote.git"))
                    .call();
            applied = Objects.requireNonNull(git.getRepository().resolve("HEAD~1"))
                    .name();
            report(remote.getRepository(), "web1", """
                    {"format": 1, "host": "web1", "stacks": [{"stack": "shop", "applied": "%s", "outcome": "unhealthy"}]}
                    """.formatted(applied));
            // Whoever can push may write anything there.
            report(remote.getRepository(), "web2", "{\"format\": 1, \"host\": \"web1\"}");
            report(remote.getRepository(), "web3", "nonsense");
        } catch (java.net.URISyntaxException e) {
            throw new IOException(e);
        }
        var console = Console.unprivileged(directory);

        assertThat(console.run("plan", "--host", "web1", "--detailed-exitcode"))
                .as(console.err())
                .isEqualTo(2);
        assertThat(console.out())
                .contains(
                        "host web1 is as it reported 5 minutes ago: shop " + applied.substring(0, 7) + " (unhealthy)",
                        "image: one:latest → two:latest (known after pull)");
        var silent = Console.unprivileged(directory);
        assertThat(silent.run("plan", "--host", "web2")).isEqualTo(1);
        assertThat(silent.err()).contains("host web2 has reported nothing to " + directory.resolve("remote.git"));
        var range = Console.unprivileged(directory);
        assertThat(range.run("plan", "--all-hosts", "HEAD..HEAD")).isZero();
        assertThat(range.out()).contains("5 minutes ago", "image: one:latest → two:latest");
        assertThat(directory.resolve(".git/refs/lockstep")).doesNotExist();
    }

    /** Puts a document where hosts put theirs. */
    private void report(Repository remote, String host, String document) throws IOException {
        try (var inserter = remote.newObjectInserter()) {
            var tree = new TreeFormatter();
            tree.append(
                    "status.json",
                    FileMode.REGULAR_FILE,
                    inserter.insert(Constants.OBJ_BLOB, document.getBytes(StandardCharsets.UTF_8)));
            var commit = new CommitBuilder();
            commit.setTreeId(inserter.insert(tree));
            var who = new PersonIdent("web", "web@example.com", Console.NOW.minusSeconds(300), ZoneOffset.UTC);
            commit.setAuthor(who);
            commit.setCommitter(who);
            commit.setMessage("Status");
            var id = inserter.insert(commit);
            inserter.flush();
            var update = remote.updateRef("refs/lockstep/status/" + host);
            update.setNewObjectId(id);
            update.update();
        }
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
