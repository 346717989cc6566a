package dev.lockstep.reconciler.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.lockstep.reconciler.contexts.FetchedContexts;
import dev.lockstep.reconciler.git.CredentialSource;
import dev.lockstep.reconciler.git.GitHttpServer;
import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TarBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code build} of contexts that are no directories of this host. docker 26.1 was asked the same, with the same archive
 * and with such a repository, and gives these files and modes, and an error for the same calls. Meant to differ: there
 * an ignore file holds for directories alone, zstd is not understood, {@code #:../..} is the whole repository, and an
 * image has no labels of its commit.
 */
class FetchedContextIT {
    @TempDir
    private Path directory;

    private Console console = Console.in(Path.of("/"));

    @AfterEach
    void leaves_nothing() {
        for (var room : List.of("run/build", "root/build-steps")) {
            if (Files.exists(directory.resolve(room))) {
                assertThat(directory.resolve(room)).isEmptyDirectory();
            }
        }
    }

    private int run(byte[] input, String... words) {
        console = Console.in(directory, input);
        var args = new ArrayList<>(List.of(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString()));
        args.addAll(List.of(words));
        return console.run(args.toArray(String[]::new));
    }

    private int run(String... words) {
        return run(new byte[0], words);
    }

    private static byte[] archive() {
        return new TarBuilder()
                .directory("./")
                .file("./Dockerfile", "FROM scratch\nCOPY . /\n")
                .file("./sub/Other", "FROM scratch\nCOPY a.txt /only\n")
                .file("./a.txt", 0600, "hello\n".getBytes(StandardCharsets.UTF_8))
                .file("./hidden.txt", "hidden\n")
                .file("./.dockerignore", "hidden.txt\n")
                .symlink("./link", "a.txt")
                .build();
    }

    private byte[] compressed(String program) throws Exception {
        var from = Files.write(directory.resolve("in.tar"), archive());
        var to = directory.resolve("in.tar.compressed");
        var process = new ProcessBuilder(program, "-c")
                .redirectInput(from.toFile())
                .redirectOutput(to.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        var bytes = Files.readAllBytes(to);
        Files.delete(from);
        Files.delete(to);
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(strings = {"cat", "gzip", "xz", "zstd", "bzip2"})
    void an_archive_on_standard_input_is_a_context(String program) throws Exception {
        var input = program.equals("cat") ? archive() : compressed(program);
        assertThat(run(input, "build", "-o", "out", "-")).as(console.err()).isZero();
        var out = directory.resolve("out");
        assertThat(out.resolve("a.txt")).hasContent("hello\n");
        assertThat(Files.getAttribute(out.resolve("a.txt"), "unix:mode")).isEqualTo(0100600);
        assertThat(Files.readSymbolicLink(out.resolve("link"))).hasToString("a.txt");
        assertThat(out.resolve("hidden.txt")).doesNotExist();
        assertThat(out.resolve("sub/Other")).exists();
    }

    @Test
    void a_dockerfile_is_named_in_an_archive_and_stands_alone_without() {
        assertThat(run(archive(), "build", "-f", "sub/Other", "-o", "out", "-"))
                .as(console.err())
                .isZero();
        assertThat(directory.resolve("out/only")).hasContent("hello\n");
        assertThat(run(archive(), "build", "-f", "none", "-")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("there is no file none in the context on standard input");
        assertThat(run(archive(), "build", "-f", "-", "-")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("standard input cannot be both");
        var alone = "FROM scratch\nCOPY a /\n".getBytes(StandardCharsets.UTF_8);
        assertThat(run(alone, "build", "-")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("there is no build context to copy from");
        assertThat(run(alone, "build", "-f", "other", "-")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("is a Dockerfile and no archive, and -f names another");
    }

    @Test
    void an_archive_is_read_to_its_end_so_that_who_writes_it_is_not_cut_off() throws Exception {
        var padded = new ByteArrayInputStream(Arrays.copyOf(archive(), 1 << 20));
        var room = Root.open(directory.resolve("other-root"), directory.resolve("other-run"));
        try (var fetched = FetchedContexts.below(room, CredentialSource.none())) {
            assertThat(fetched.read(padded, "it")).isInstanceOf(FetchedContexts.Fetched.Files.class);
            assertThat(padded.available()).isZero();
        }
        assertThat(directory.resolve("other-root/build-steps")).isEmptyDirectory();
    }

    @Test
    void a_hostile_archive_reaches_nothing_outside_of_its_directory() throws IOException {
        Files.writeString(directory.resolve("secret"), "FROM scratch\n");
        var escaping = new TarBuilder()
                .symlink("way", directory.toString())
                .file("way/planted", "planted\n")
                .file("../../../../../above", "above\n")
                .symlink("Dockerfile", directory.resolve("secret").toString())
                .build();
        assertThat(run(escaping, "build", "-")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("there is no file Dockerfile in the context on standard input");
        assertThat(directory.resolve("planted")).doesNotExist();
        assertThat(directory.resolve("root/above")).doesNotExist();

        var cut = new TarBuilder()
                .file("Dockerfile", "FROM scratch\n")
                .member(new TarBuilder.Member("large", '0').size(1 << 20))
                .unfinished();
        assertThat(run(cut, "build", "-")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("cannot unpack the context on standard input");
    }

    @Test
    void a_commit_is_a_context_by_branch_tag_and_id_and_is_named_in_labels() throws IOException {
        try (var repository = TestRepository.create(directory.resolve("shop.git"))) {
            repository
                    .put("Dockerfile", "FROM scratch\nCOPY . /\n")
                    .put("app/Dockerfile", "FROM scratch\nCOPY . /\nLABEL own=1\n")
                    .put("app/.dockerignore", "hidden\n")
                    .put("app/hidden", "x\n")
                    .putExecutable("app/run", "one\n")
                    .putLink("app/link", "run");
            var first = repository.commit("one");
            repository.annotatedTag("v1", first);
            repository.put("app/run", "two\n");
            var second = repository.commit("two");
            var url = "file://" + repository.directory();

            assertThat(run("build", "-t", "shop:2", url + "#:app"))
                    .as(console.err())
                    .isZero();
            assertThat(run("image", "inspect", "--format", "{{json .Config.Labels}}", "shop:2"))
                    .isZero();
            assertThat(console.out())
                    .contains(
                            "\"org.opencontainers.image.revision\":\"" + second + "\"",
                            "\"org.opencontainers.image.source\":\"" + url + "\"",
                            "\"own\":\"1\"");
            for (var ref : List.of("v1", first)) {
                var out = directory.resolve("out-" + ref);
                assertThat(run("build", "-o", out.toString(), url + "#" + ref + ":app"))
                        .as(console.err())
                        .isZero();
                assertThat(out.resolve("run")).hasContent("one\n").isExecutable();
                assertThat(Files.readSymbolicLink(out.resolve("link"))).hasToString("run");
                assertThat(out.resolve("hidden")).doesNotExist();
            }
            assertThat(run("build", "-o", "whole", url + "#main")).isZero();
            assertThat(directory.resolve("whole/app/run")).hasContent("two\n");
            assertThat(directory.resolve("whole/.git")).doesNotExist();

            Files.createDirectory(directory.resolve("tree"));
            TestRepository.create(directory.resolve("tree/.git")).close();
            Files.writeString(directory.resolve("tree/Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n");
            assertThat(run("build", "-t", "tree:1", "tree/")).isZero();
            assertThat(run("image", "inspect", "tree:1")).isZero();
            assertThat(console.out()).contains("\"Config\"").doesNotContain("org.opencontainers.image");

            assertThat(run("build", url + "#none")).isEqualTo(ExitCodes.ERROR);
            assertThat(console.err()).contains("has no ref \"none\"; it has: main, v1");
            assertThat(run("build", url + "#:none")).isEqualTo(ExitCodes.ERROR);
            assertThat(console.err()).contains("there is no directory \"none\"");
            assertThat(run("build", url + "#:../..")).isEqualTo(ExitCodes.ERROR);
            assertThat(console.err()).contains("leaves the repository");
        }
    }

    @Test
    void a_commit_is_added_once_for_all_that_name_it() throws IOException {
        try (var repository = TestRepository.create(directory.resolve("shop.git"));
                var server = GitHttpServer.start(repository.repository())) {
            server.require("ada:hidden-token");
            repository.put("a", "one\n").putExecutable("lib/run", "run\n").putSubmodule("modules/other");
            var first = repository.commit("one");
            repository.put("a", "two\n");
            repository.commit("two");
            var url = server.url().replace("http://", "http://ada:hidden-token@");
            Files.writeString(
                    directory.resolve("Dockerfile"), """
                    FROM scratch
                    ADD --checksum=%s --chown=7:8 %s#%s:lib /by-id
                    ADD %s /tip/
                    ADD %s#main:lib lib
                    """.formatted(first.substring(0, 10), url, first, url, url));
            assertThat(run("build", ".")).isEqualTo(ExitCodes.ERROR);
            assertThat(console.err()).contains("modules/other is a submodule").doesNotContain("hidden-token");

            repository.remove("modules");
            repository.commit("three");
            assertThat(run("build", "-o", "out", ".")).as(console.err()).isZero();
            assertThat(console.err()).contains("ADD http://xxxxx@127.0.0.1:").doesNotContain("hidden-token");
            assertThat(run("build", "-q", "-t", "added:1", ".")).isZero();
            assertThat(run("image", "history", "--no-trunc", "added:1")).isZero();
            assertThat(console.out())
                    .contains("ADD http://xxxxx@127.0.0.1:", "/tip/")
                    .doesNotContain("hidden-token");
            var out = directory.resolve("out");
            assertThat(out.resolve("by-id/run")).hasContent("run\n").isExecutable();
            assertThat(Files.getAttribute(out.resolve("by-id/run"), "unix:uid")).isEqualTo(7);
            assertThat(out.resolve("tip/a")).hasContent("two\n");
            assertThat(Files.getAttribute(out.resolve("tip/a"), "unix:mode")).isEqualTo(0100644);
            assertThat(out.resolve("tip/.git")).doesNotExist();
            assertThat(out.resolve("lib/run")).exists();
            assertThat(run("build", ".")).isZero();
            assertThat(console.err()).contains("CACHED").doesNotContain("DONE");

            repository.put("b", "new\n");
            repository.commit("four");
            assertThat(run("build", "-o", "out", ".")).isZero();
            assertThat(out.resolve("tip/b")).hasContent("new\n");

            Files.writeString(directory.resolve("Dockerfile"), "FROM scratch\nADD --checksum=0123456 " + url + " /\n");
            assertThat(run("build", ".")).isEqualTo(ExitCodes.ERROR);
            assertThat(console.err())
                    .contains("expected checksum to match 0123456, got ")
                    .doesNotContain("hidden-token");
        }
    }

    private static String git(Path directory, String... words) throws Exception {
        var command = new ArrayList<>(List.of("git", "-c", "safe.directory=*", "-C", directory.toString()));
        command.addAll(List.of(words));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said.strip();
    }

    @Test
    void a_commit_can_come_with_a_repository_of_its_own() throws Exception {
        try (var repository = TestRepository.create(directory.resolve("shop.git"));
                var server = GitHttpServer.start(repository.repository())) {
            server.require("ada:hidden-token");
            repository.put("Dockerfile", "FROM scratch\nCOPY . /own\n").put("lib/a", "one\n");
            repository.commit("one");
            var second = repository.put("lib/a", "two\n").commit("two");
            var url = server.url().replace("http://", "http://ada:hidden-token@");
            Files.writeString(directory.resolve("Dockerfile"), """
                    FROM scratch
                    ADD --keep-git-dir %s /all
                    ADD --keep-git-dir %s#main:lib /part
                    """.formatted(url, url));
            assertThat(run("build", "-o", "out", ".")).as(console.err()).isZero();
            var all = directory.resolve("out/all");
            assertThat(git(all, "rev-parse", "HEAD")).isEqualTo(second);
            assertThat(git(all, "status", "--porcelain")).isEmpty();
            assertThat(git(all, "log", "--format=%s")).isEqualTo("two");
            assertThat(git(all, "fsck", "--full")).doesNotContain("missing", "error");
            assertThat(git(all, "remote", "get-url", "origin")).isEqualTo(server.url());
            assertThat(directory.resolve("out/part/.git")).doesNotExist();
            // It is the same each time, so nothing is done anew.
            assertThat(run("build", ".")).isZero();
            assertThat(console.err()).contains("CACHED").doesNotContain("DONE");

            assertThat(run("build", "--build-arg", "BUILDKIT_CONTEXT_KEEP_GIT_DIR=1", "-o", "own", url))
                    .as(console.err())
                    .isZero();
            assertThat(git(directory.resolve("own/own"), "status", "--porcelain"))
                    .isEmpty();
        }
    }

    @Test
    void submodules_are_fetched_where_their_files_are_needed() throws Exception {
        try (var inner = TestRepository.create(directory.resolve("inner.git"));
                var innerServer = GitHttpServer.start(inner.repository());
                var outer = TestRepository.create(directory.resolve("outer.git"));
                var outerServer = GitHttpServer.start(outer.repository())) {
            var wanted = inner.put("i", "inner\n").commit("one");
            inner.put("i", "later\n").commit("two");
            outer.put("Dockerfile", "FROM scratch\nCOPY . /\n")
                    .put(".gitmodules", "[submodule \"x\"]\n\tpath = lib/x\n\turl = " + innerServer.url() + "\n")
                    .putSubmodule("lib/x", wanted);
            outer.commit("one");
            assertThat(run("build", "-o", "out", outerServer.url()))
                    .as(console.err())
                    .isZero();
            assertThat(directory.resolve("out/lib/x/i")).hasContent("inner\n");

            // The files of this host are none of a stranger's repository.
            outer.put(
                    ".gitmodules",
                    "[submodule \"x\"]\n\tpath = lib/x\n\turl = " + directory.resolve("inner.git") + "\n");
            outer.commit("two");
            assertThat(run("build", "-o", "no", outerServer.url())).isEqualTo(ExitCodes.ERROR);
            assertThat(console.err()).contains("is a path of this host");
            outer.put(".dockerignore", "lib\n").commit("three");
            assertThat(run("build", "-o", "without", outerServer.url()))
                    .as(console.err())
                    .isZero();
        }
    }

    @Test
    void a_login_in_an_address_is_in_no_label() throws IOException {
        try (var repository = TestRepository.create(directory.resolve("shop.git"));
                var server = GitHttpServer.start(repository.repository())) {
            server.require("ada:hidden-token");
            repository.put("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
            repository.commit("one");
            var url = server.url().replace("http://", "http://ada:hidden-token@");
            assertThat(run("build", "-t", "shop:1", url)).as(console.err()).isZero();
            assertThat(console.err()).doesNotContain("hidden-token");
            assertThat(run("image", "inspect", "shop:1")).isZero();
            assertThat(console.out()).contains(server.url()).doesNotContain("hidden-token");
            Files.writeString(directory.resolve("compose.yaml"), """
                    name: fetched
                    services:
                      web:
                        build:
                          context: %s
                          dockerfile_inline: "FROM scratch\\nCOPY --from=more Dockerfile /\\nCOPY Dockerfile /own\\n"
                          additional_contexts: {more: "%s#main"}
                    """.formatted(url, url));
            assertThat(run("build")).as(console.err()).isZero();
            assertThat(console.err()).contains(" web Built").doesNotContain("hidden-token");
        }
    }

    @Test
    void a_token_among_the_secrets_opens_the_contexts_host_and_others_by_name() throws IOException {
        try (var repository = TestRepository.create(directory.resolve("shop.git"));
                var server = GitHttpServer.start(repository.repository())) {
            server.require("x-access-token:hidden-token");
            repository.put("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
            repository.commit("one");
            Files.writeString(directory.resolve("token"), "hidden-token\n");
            assertThat(run("build", "--secret", "id=GIT_AUTH_TOKEN,src=token", server.url()))
                    .as(console.err())
                    .isZero();
            assertThat(console.err()).doesNotContain("hidden-token");

            Files.writeString(directory.resolve("Dockerfile"), "FROM scratch\nADD " + server.url() + " /\n");
            assertThat(run("build", "--secret", "id=GIT_AUTH_TOKEN,src=token", "."))
                    .isEqualTo(ExitCodes.ERROR);
            assertThat(console.err()).contains("asks for credentials: write a token into the address");
            assertThat(run("build", "--secret", "id=GIT_AUTH_TOKEN.127.0.0.1,src=token", "."))
                    .as(console.err())
                    .isZero();

            Files.writeString(directory.resolve("compose.yaml"), """
                    name: fetched
                    services: {web: {build: {context: "%s", secrets: [GIT_AUTH_TOKEN]}}}
                    secrets: {GIT_AUTH_TOKEN: {file: token}}
                    """.formatted(server.url()));
            assertThat(run("build")).as(console.err()).isZero();
            assertThat(console.err()).contains(" web Built").doesNotContain("hidden-token");
        }
    }

    @Test
    void a_server_of_the_web_gives_an_archive_or_a_dockerfile() throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var files = Map.of(
                "/app.tgz",
                TarBuilder.gzip(archive()),
                "/Dockerfile",
                "FROM scratch\nWORKDIR /w\n".getBytes(StandardCharsets.UTF_8));
        server.createContext("/", exchange -> {
            try (exchange) {
                var file =
                        Optional.ofNullable(files.get(exchange.getRequestURI().getPath()));
                exchange.sendResponseHeaders(file.isPresent() ? 200 : 404, file.isPresent() ? 0 : -1);
                if (file.isPresent()) {
                    exchange.getResponseBody().write(file.get());
                }
            }
        });
        server.start();
        try {
            var url = "http://127.0.0.1:" + server.getAddress().getPort();
            assertThat(run("build", "-o", "out", url + "/app.tgz"))
                    .as(console.err())
                    .isZero();
            assertThat(directory.resolve("out/a.txt")).hasContent("hello\n");
            assertThat(directory.resolve("out/hidden.txt")).doesNotExist();
            assertThat(directory.resolve("out/download")).doesNotExist();
            assertThat(run("build", "-f", "sub/Other", "-o", "other", url + "/app.tgz"))
                    .isZero();
            assertThat(directory.resolve("other/only")).exists();
            assertThat(run("build", "-o", "alone", url + "/Dockerfile"))
                    .as(console.err())
                    .isZero();
            assertThat(directory.resolve("alone/w")).isDirectory();
            assertThat(run("build", "http://ada:hidden-token@/none")).isEqualTo(ExitCodes.ERROR);
            assertThat(console.err()).contains("the context http:///none names no host");
            assertThat(run("build", url.replace("//", "//ada:hidden-token@") + "/none?key=hidden-token"))
                    .isEqualTo(ExitCodes.ERROR);
            assertThat(console.err())
                    .contains("/none?…: invalid response status 404")
                    .doesNotContain("hidden-token");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void what_a_killed_build_has_unpacked_goes_with_the_next_one() throws Exception {
        var child = unpacking();
        child.destroyForcibly().waitFor();
        assertThat(unpacked()).isNotEmpty();
        assertThat(run(archive(), "build", "-")).as(console.err()).isZero();
    }

    @Test
    void a_build_that_is_asked_to_end_takes_away_what_it_has_unpacked() throws Exception {
        var child = unpacking();
        child.destroy();
        assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(unpacked()).isEmpty();
    }

    /** A build whose context has come in part, and comes no further. */
    private Process unpacking() throws IOException {
        var child = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "--root",
                        directory.resolve("root").toString(),
                        "--run-root",
                        directory.resolve("run").toString(),
                        "build",
                        "-")
                .directory(directory.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            // Left open: at the end of its input a build goes away by itself.
            var in = child.getOutputStream();
            in.write(new TarBuilder()
                    .file("Dockerfile", "FROM scratch\n")
                    .file("large", 0644, new byte[1 << 20])
                    .unfinished());
            in.flush();
            await().atMost(Duration.ofSeconds(60)).until(() -> !unpacked().isEmpty());
            var above = unpacked().getFirst().resolve("../..").normalize();
            assertThat(Files.getAttribute(above, "unix:mode")).isEqualTo(040700);
            return child;
        } catch (IOException | RuntimeException | AssertionError e) {
            child.destroyForcibly();
            throw e;
        }
    }

    private List<Path> unpacked() throws IOException {
        var steps = directory.resolve("root/build-steps");
        if (Files.notExists(steps)) {
            return List.of();
        }
        try (var files = Files.walk(steps)) {
            return files.filter(file -> file.endsWith("files/large")).toList();
        }
    }
}
