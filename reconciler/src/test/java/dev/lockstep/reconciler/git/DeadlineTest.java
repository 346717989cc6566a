package dev.lockstep.reconciler.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lockstep.reconciler.git.GitException.Kind;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeadlineTest {
    private static final FollowedRef MAIN = new FollowedRef("main");
    private static final Duration QUESTION = Duration.ofSeconds(1);
    private static final Duration SILENCE = Duration.ofSeconds(2);
    private static final Duration FETCH = Duration.ofSeconds(3);
    /** What a test waits for a talk that is given up; beyond it the deadline does not work. */
    private static final Duration LONG = Duration.ofSeconds(15);

    @TempDir
    Path directory;

    private GitSource source(String url) throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var ssh = Files.createDirectories(directory.resolve("ssh"));
        var settings =
                GitSettings.defaults().withTimeouts(QUESTION, SILENCE, FETCH).withSsh(ssh, Optional.empty());
        return new GitRepositories(root, settings).open(Remote.parse(url));
    }

    @ParameterizedTest
    @CsvSource({
        "http, SILENT",
        "http, HTTP_TRICKLE",
        "https, SILENT",
        "https, TLS_TRICKLE",
        "ssh, SILENT",
        "ssh, SSH_TRICKLE",
        "git, SILENT",
        "git, GIT_TRICKLE",
    })
    void a_remote_that_never_comes_to_the_point_is_given_up_and_let_go(String scheme, SlowServer.Manner manner)
            throws Exception {
        try (var server = new SlowServer(manner);
                var source = source(scheme + "://127.0.0.1:" + server.port() + "/shop.git")) {
            for (var asks : new Asks[] {source::tip, source::fetch}) {
                var began = System.nanoTime();
                var failure = catchThrowableOfType(GitException.class, () -> asks.about(MAIN));

                assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(Kind.TIMEOUT);
                assertThat(failure)
                        .hasMessageStartingWith("repository " + source.remote() + " did not ")
                        .message()
                        .doesNotContain("Exception");
                assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(LONG);
            }
            assertThat(server.isLetGo()).as("the connection is closed").isTrue();
        }
    }

    private interface Asks {
        Object about(FollowedRef ref) throws GitException;
    }

    @Test
    void after_a_fetch_that_was_given_up_the_clone_is_free_and_holds_nothing_unfinished() throws Exception {
        try (var origin = TestRepository.create(directory.resolve("shop.git"));
                var good = origin.open(Root.open(directory.resolve("state"), directory.resolve("run")));
                var slow = new SlowServer(SlowServer.Manner.HTTP_TRICKLE);
                var bad = source("http://127.0.0.1:" + slow.port() + "/shop.git")) {
            var commit = origin.put("compose.yaml", "services: {}\n").commit("Start");
            assertThatThrownBy(() -> bad.fetch(MAIN)).isInstanceOf(GitException.class);

            assertThat(good.fetch(MAIN).revision().commit()).isEqualTo(commit);
            assertThatThrownBy(() -> bad.fetch(MAIN)).isInstanceOf(GitException.class);
            assertThat(bad.fetched(MAIN)).isEmpty();
        }
    }

    @Test
    void an_interrupt_ends_the_talk_at_once() throws Exception {
        try (var slow = new SlowServer(SlowServer.Manner.SILENT);
                var source = source("http://127.0.0.1:" + slow.port() + "/shop.git")) {
            Thread.currentThread().interrupt();

            var failure = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));

            assertThat(failure).hasCauseInstanceOf(InterruptedException.class);
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
