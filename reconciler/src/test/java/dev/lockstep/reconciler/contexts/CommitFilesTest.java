package dev.lockstep.reconciler.contexts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.reconciler.git.CredentialSource;
import dev.lockstep.reconciler.git.FollowedRef;
import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.context.SourceTree;
import dev.lockstep.runtime.registry.OutsideAddresses;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a commit gives a build, and that nothing else does. */
class CommitFilesTest {
    private final ArrayList<String> talk = new ArrayList<>();
    private final Dockerfiles dockerfiles = new Dockerfiles(talk::add);

    @Test
    void a_context_and_its_files_come_from_the_commit_and_never_from_the_host(@TempDir Path directory)
            throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        try (var origin = TestRepository.create(directory.resolve("shop.git"));
                var clone = origin.open(root)) {
            origin.put("stack/app/Dockerfile", "FROM scratch\n")
                    .put("stack/app/.dockerignore", "common")
                    .put("stack/app/file", "of the commit")
                    .put("stack/other.Dockerfile", "FROM scratch\nFORM x\n")
                    .put("docker/Dockerfile", "FROM scratch\n")
                    .put("docker/Dockerfile.dockerignore", "own")
                    .put("lower/dockerfile", "FROM scratch\n")
                    .put("lower/dockerfile.dockerignore", "own")
                    .put("token", "beside")
                    .putLink("stack/way-out", "/etc")
                    .putLink("stack/up", "../../../../etc/passwd")
                    .putLink("stack/linked", "app");
            origin.commit("first");
            var files = new CommitFiles(origin.fetchMain(clone), "stack");

            for (var context : new String[] {"app", "./app/", "linked", "../stack/app"}) {
                var found = files.find(context, Optional.empty(), Optional.empty(), dockerfiles);
                try (var opened = found.context().orElseThrow().opener().open()) {
                    assertThat(SourceTree.context(opened, Ignore.NOTHING).read("file", 100))
                            .as(context)
                            .contains("of the commit".getBytes(StandardCharsets.UTF_8));
                }
            }
            var elsewhere = files.find("app", Optional.of("../../docker/Dockerfile"), Optional.empty(), dockerfiles);
            assertThat(elsewhere.context().orElseThrow().ignore().isEmpty()).isFalse();
            // docker takes it under that name as well, with the ignore file beside it.
            var lower = files.find("../lower", Optional.empty(), Optional.empty(), dockerfiles);
            assertThat(lower.context().orElseThrow().ignore().isEmpty()).isFalse();
            refused(() -> files.find("../stack", Optional.empty(), Optional.empty(), dockerfiles))
                    .startsWith("failed to read dockerfile: there is no file stack/Dockerfile in commit ");
            assertThat(files.secret("token", "../token")).asString().isEqualTo("beside");

            refused(() -> files.find("/etc", Optional.empty(), Optional.empty(), dockerfiles))
                    .isEqualTo("the context /etc is the host's own, and who can push must not read it. Put it into the"
                            + " repository");
            refused(() -> files.find("../../x", Optional.empty(), Optional.empty(), dockerfiles))
                    .isEqualTo("the context ../../x leaves the repository, of which alone a commit has files");
            refused(() -> files.find("app", Optional.of("/etc/passwd"), Optional.empty(), dockerfiles))
                    .startsWith("the Dockerfile /etc/passwd is the host's own");
            refused(() -> files.find("none", Optional.empty(), Optional.empty(), dockerfiles))
                    .startsWith("unable to prepare context: path \"none\" not found in commit ");
            refused(() -> files.find("app/file", Optional.empty(), Optional.empty(), dockerfiles))
                    .contains("is not a directory");
            refused(() -> files.secret("token", "/etc/shadow")).contains("/etc/shadow is the host's own");
            refused(() -> files.secret("token", "missing"))
                    .contains("is the file stack/missing, which is not in commit");
            refused(() -> files.find("app", Optional.of("../other.Dockerfile"), Optional.empty(), dockerfiles))
                    .isEqualTo("failed to build: stack/other.Dockerfile has an error");
            assertThat(String.join("\n", talk)).contains("stack/other.Dockerfile:2");
            for (var way : new String[] {"way-out", "up"}) {
                assertThatThrownBy(() -> files.find(way, Optional.empty(), Optional.empty(), dockerfiles))
                        .hasMessageContaining("leaves the repository");
                assertThatThrownBy(() -> files.secret("token", way)).hasMessageContaining("leaves the repository");
            }
        }
    }

    @Test
    void a_repository_reaches_the_web_and_nothing_that_the_hosts_keys_open(@TempDir Path directory) throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        try (var fetched = FetchedContexts.below(root, CredentialSource.none(), OutsideAddresses.and(List.of()))) {
            for (var address : new String[] {"file:///srv/git/private.git", "git@git.example:private.git"}) {
                var git = (ContextAddress.Git) ContextAddress.parse(address);
                // A submodule's address is asked for as the second.
                for (var attempt : List.<Attempt>of(
                        () -> fetched.commit(git), () -> fetched.tree(git.remote(), new FollowedRef("0".repeat(40))))) {
                    refused(attempt)
                            .containsAnyOf(
                                    "is a repository of this host, and who can push must not read it",
                                    "since this host's own keys would open it; give its address with https://");
                }
            }
        }
    }

    /** Something that is not done. */
    @FunctionalInterface
    private interface Attempt {
        void run() throws IOException;
    }

    private static org.assertj.core.api.AbstractStringAssert<?> refused(Attempt attempt) {
        try {
            attempt.run();
        } catch (UnbuildableException e) {
            return assertThat(e.getMessage());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("it was done");
    }
}
