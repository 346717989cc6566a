package dev.lockstep.reconciler.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lockstep.reconciler.git.GitException.Kind;
import dev.lockstep.runtime.registry.OutsideGate;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GitHttpTest {
    private static final FollowedRef MAIN = new FollowedRef("main");

    @TempDir
    Path directory;

    private Root root;
    private TestRepository origin;
    private GitHttpServer server;
    private String commit;

    @BeforeEach
    void start() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        origin = TestRepository.create(directory.resolve("shop.git"));
        commit = origin.put("a", "1").commit("one");
        server = GitHttpServer.start(origin.repository());
    }

    @AfterEach
    void stop() {
        server.close();
        origin.close();
    }

    private GitSource source(String url, GitSettings settings) throws IOException {
        return new GitRepositories(root, settings).open(Remote.parse(url));
    }

    private GitSource source(String url) throws IOException {
        return source(url, GitSettings.defaults());
    }

    private static String everything(Throwable failure) {
        var text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    @Test
    void a_poll_is_two_small_requests_and_a_fetch_one_more() throws IOException {
        try (var source = source(server.url())) {
            assertThat(source.tip(MAIN).commit()).isEqualTo(commit);
            assertThat(server.requests()).containsExactly("GET /shop.git/info/refs", "POST /shop.git/git-upload-pack");
            assertThat(source.fetch(MAIN).revision().commit()).isEqualTo(commit);
            assertThat(server.requests()).hasSizeLessThanOrEqualTo(5);
        }
    }

    @Test
    void a_server_that_asks_to_be_left_alone_says_for_how_long() throws IOException {
        try (var source = source(server.url())) {
            server.answer(429);
            server.say(Map.of("Retry-After", "120"));
            var failure = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));
            assertThat(failure)
                    .hasMessage("repository " + server.url() + " asks to be left alone for 120 s (HTTP 429)");
            assertThat(failure.retryAfter()).contains(Duration.ofMinutes(2));
            assertThat(failure.isTransient()).isTrue();

            server.say(Map.of());
            assertThat(catchThrowableOfType(GitException.class, () -> source.tip(MAIN))
                            .retryAfter())
                    .isEmpty();
            server.answer(0);
            assertThat(source.tip(MAIN).commit()).isEqualTo(commit);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0                             |",
                "-5                            |",
                "soon                          |",
                "90                            | PT1M30S",
                "999999999                     | PT1H",
                "99999999999999999999          |",
                "Tue, 24 Nov 2026 12:00:30 GMT | PT30S",
                "Tue, 24 Nov 2026 11:00:00 GMT |",
                "Wed, 24 Nov 2027 12:00:00 GMT | PT1H",
            })
    void the_pause_is_seconds_or_a_date_and_an_hour_at_most(String text, Duration pause) {
        assertThat(HttpAnswers.pause(text, Instant.parse("2026-11-24T12:00:00Z")))
                .isEqualTo(Optional.ofNullable(pause));
    }

    @Test
    void a_server_tells_how_right_this_hosts_clock_is() throws IOException {
        try (var source = source(server.url())) {
            assertThat(source.ahead()).isEmpty();
            source.tip(MAIN);
            assertThat(source.ahead().orElseThrow()).isBetween(Duration.ofSeconds(-5), Duration.ofSeconds(10));
        }
    }

    @Test
    void a_gate_is_the_only_way_where_there_is_one() throws IOException {
        var judged = new ArrayList<String>();
        try (var gate = new OutsideGate((_, _, address) -> {
                    judged.add(address.getHostAddress());
                    return Optional.empty();
                });
                var source = source(server.url(), GitSettings.defaults().withProxy(gate.proxy()))) {
            assertThat(source.fetch(MAIN).revision().commit()).isEqualTo(commit);
            assertThat(judged).isNotEmpty().containsOnly("127.0.0.1");
        }
        var before = server.requests().size();
        try (var gate = new OutsideGate((_, _, _) -> Optional.of("refused by the test"));
                var source = source(server.url(), GitSettings.defaults().withProxy(gate.proxy()))) {
            assertThat(catchThrowableOfType(GitException.class, () -> source.tip(MAIN)))
                    .isNotNull();
            assertThat(gate.refusal()).contains("127.0.0.1 is refused by the test");
            assertThat(server.requests()).hasSize(before);
        }
    }

    @Test
    void a_repository_that_asks_for_credentials_says_so_and_is_asked_once() throws IOException {
        server.require("bob:tok3n");
        try (var source = source(server.url())) {
            var failure = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));
            assertThat(failure.kind()).isEqualTo(Kind.AUTH);
            assertThat(failure)
                    .hasMessage("repository " + server.url()
                            + " asks for credentials: write a token into the address, or name a password-file for it in"
                            + " agent.yaml");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void credentials_come_from_a_file_that_is_read_at_each_connection() throws IOException {
        var file = directory.resolve("token");
        Files.writeString(file, "bob:tok3n\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        server.require("bob:tok3n");
        var settings = GitSettings.defaults().withCredentials(CredentialSource.file(Optional.empty(), file));
        try (var source = source(server.url(), settings)) {
            assertThat(source.fetch(MAIN).revision().commit()).isEqualTo(commit);

            server.require("bob:rotated");
            var failure = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));
            assertThat(failure.kind()).isEqualTo(Kind.AUTH);
            assertThat(failure).hasMessageContaining("refused the credentials");
            assertThat(everything(failure)).doesNotContain("tok3n");

            Files.writeString(file, "bob:rotated");
            assertThat(source.tip(MAIN).commit()).isEqualTo(commit);

            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
            var open = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));
            assertThat(open).hasMessageContaining("cannot be read: " + file + " is open to others than root");
            assertThat(everything(open)).doesNotContain("rotated");

            Files.delete(file);
            assertThat(catchThrowableOfType(GitException.class, () -> source.tip(MAIN)))
                    .hasMessageContaining("cannot be read: " + file + " is not there");
        }
    }

    @Test
    void credentials_in_the_address_work_and_are_nowhere_to_be_seen() throws IOException {
        server.require("bob:tok3n");
        var url = server.url().replace("http://", "http://bob:tok3n@");
        try (var source = source(url)) {
            assertThat(source.fetch(MAIN).revision().repository()).isEqualTo(server.url());
            server.require("bob:other");
            var failure = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));
            assertThat(everything(failure)).doesNotContain("tok3n");
        }
        try (var files = Files.walk(root.state())) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readAllBytes(file)).asString().doesNotContain("tok3n");
            }
        }
    }

    @Test
    void a_redirect_does_not_take_credentials_to_another_host() throws IOException {
        try (var other = GitHttpServer.start(origin.repository())) {
            other.require("bob:tok3n");
            server.redirectTo("http://localhost:" + other.port());
            try (var source = source(server.url().replace("http://", "http://bob:tok3n@"))) {
                var failure = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));
                assertThat(failure.kind()).isEqualTo(Kind.AUTH);
                assertThat(failure).hasMessageContaining("leads to another host that asks for credentials");
            }
            assertThat(other.requests()).isNotEmpty().noneMatch(r -> r.contains("Basic"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 404, 429, 500, 503})
    void every_refusal_of_a_server_is_one_sentence(int status) throws IOException {
        server.answer(status);
        try (var source = source(server.url())) {
            var failure = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));
            assertThat(failure)
                    .hasMessageStartingWith("repository " + server.url())
                    .hasMessageNotContaining("\n");
            var expected = switch (status) {
                case 403 -> Kind.AUTH;
                case 404 -> Kind.NOT_A_REPOSITORY;
                default -> Kind.UNREACHABLE;
            };
            assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(expected);
        }
    }

    @Test
    void nobody_listening_is_unreachable() throws IOException {
        server.close();
        try (var source = source(server.url())) {
            var failure = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));
            assertThat(failure.kind()).isEqualTo(Kind.UNREACHABLE);
            assertThat(failure.isTransient()).isTrue();
            assertThat(failure).hasMessageContaining("cannot be reached");
        }
    }

    @Test
    void a_commit_that_no_branch_names_is_found_in_what_branches_reach() throws IOException {
        origin.put("a", "2").commit("two");
        try (var source = source(server.url())) {
            assertThat(source.fetch(new FollowedRef(commit)).revision().commit())
                    .isEqualTo(commit);
        }
    }

    @Test
    void what_is_wanted_once_comes_without_the_commits_before_it() throws IOException {
        var last = origin.put("a", "2").commit("two");
        origin.put("a", "3").commit("three");
        for (var url : List.of(server.url(), origin.directory().toString())) {
            var remote = Remote.parse(url);
            var place = Files.createTempDirectory(directory, "once");
            try (var source = GitRepositories.once(remote, GitSettings.defaults(), place)) {
                var tip = source.fetch(FollowedRef.ofDefault()).revision();
                assertThat(tip.ref()).isEqualTo("refs/heads/main");
                assertThat(source.open(tip).read("a")).contains("3".getBytes(StandardCharsets.UTF_8));
                assertThat(source.revision(last)).isEmpty();
            }
            // Servers that give no commit by its id give the branch that reaches it.
            place = Files.createTempDirectory(directory, "once");
            try (var source = GitRepositories.once(remote, GitSettings.defaults(), place)) {
                var named = source.fetch(new FollowedRef(last)).revision();
                assertThat(source.open(named).read("a")).contains("2".getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    @Test
    void an_empty_repository_and_a_missing_branch_are_told_apart_over_http() throws IOException {
        try (var source = source(server.url())) {
            assertThat(catchThrowableOfType(GitException.class, () -> source.tip(new FollowedRef("nope"))))
                    .hasMessage("repository " + server.url() + " has no ref \"nope\"; it has: main");
        }
        try (var empty = TestRepository.create(directory.resolve("empty.git"));
                var emptyServer = GitHttpServer.start(empty.repository());
                var source = source(emptyServer.url())) {
            assertThat(catchThrowableOfType(GitException.class, () -> source.tip(MAIN))
                            .kind())
                    .isEqualTo(Kind.EMPTY_REPOSITORY);
        }
    }

    @Test
    void git_protocol_works_and_a_missing_repository_is_said() throws IOException {
        var daemon = new org.eclipse.jgit.transport.Daemon(
                new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        daemon.setRepositoryResolver((client, name) -> {
            if (!name.equals("shop.git")) {
                throw new org.eclipse.jgit.errors.RepositoryNotFoundException(name);
            }
            origin.repository().incrementOpen();
            return origin.repository();
        });
        daemon.start();
        try (var source = source("git://127.0.0.1:" + daemon.getAddress().getPort() + "/shop.git");
                var missing = source("git://127.0.0.1:" + daemon.getAddress().getPort() + "/nope.git")) {
            assertThat(source.fetch(MAIN).revision().commit()).isEqualTo(commit);
            assertThat(catchThrowableOfType(GitException.class, () -> missing.tip(MAIN))
                            .kind())
                    .isEqualTo(Kind.NOT_A_REPOSITORY);
        } finally {
            daemon.stop();
        }
    }

    @Test
    void nothing_of_the_user_is_read_and_no_git_is_run() throws Exception {
        // A child, because JGit looks once per process and other tests were first.
        var home = Files.createDirectory(directory.resolve("home"));
        var bin = Files.createDirectory(directory.resolve("bin"));
        var trace = directory.resolve("git-was-run");
        Files.writeString(bin.resolve("git"), "#!/bin/sh\ntouch " + trace + "\n");
        assertThat(bin.resolve("git").toFile().setExecutable(true)).isTrue();
        Files.writeString(home.resolve(".gitconfig"), "[url \"file:///nowhere/\"]\n\tinsteadOf = /\n");
        var child = new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-Duser.home=" + home,
                "-cp",
                System.getProperty("java.class.path"),
                FetchOnce.class.getName(),
                origin.directory().toString(),
                directory.resolve("other").toString());
        child.environment().put("PATH", bin.toString());
        child.environment().put("HOME", home.toString());
        child.environment().put("XDG_CONFIG_HOME", home.toString());
        var output = directory.resolve("output");
        child.redirectErrorStream(true).redirectOutput(output.toFile());
        assertThat(child.start().waitFor()).as(Files.readString(output)).isZero();
        assertThat(Files.readString(output)).contains("commit=" + commit);
        assertThat(trace).doesNotExist();
        try (var files = Files.walk(home)) {
            assertThat(files.map(home::relativize).map(Path::toString).filter(n -> !n.startsWith(".cache")))
                    .containsExactlyInAnyOrder("", ".gitconfig");
        }
    }

    /** Fetches once in a process of its own. */
    static final class FetchOnce {
        private FetchOnce() {}

        public static void main(String[] arguments) throws IOException {
            var root = Root.open(Path.of(arguments[1], "state"), Path.of(arguments[1], "run"));
            try (var source = new GitRepositories(root, GitSettings.defaults()).open(Remote.parse(arguments[0]))) {
                System.out.println("commit=" + source.fetch(MAIN).revision().commit());
            }
        }
    }
}
