package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code build} of a directory and of services, and {@code up} and {@code run} of what is built. */
class BuildCommandIT {
    @TempDir
    private Path directory;

    private Console console = Console.in(Path.of("/"));

    @BeforeEach
    void load() throws IOException {
        var file = TestImage.busybox("busybox:latest").dockerArchive(directory.resolve("in.tar"));
        assertThat(run("image", "load", "-q", "-i", file.toString())).isZero();
        Files.delete(file);
    }

    @AfterEach
    void leave() throws IOException {
        if (Files.exists(directory.resolve("compose.yaml"))) {
            run("down", "-v");
        }
        for (var room : List.of("run/build", "root/build-steps")) {
            if (Files.exists(directory.resolve(room))) {
                assertThat(directory.resolve(room)).isEmptyDirectory();
            }
        }
    }

    private int run(String... words) {
        console = Console.in(directory);
        var args = new ArrayList<>(List.of(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString()));
        args.addAll(List.of(words));
        return console.run(args.toArray(String[]::new));
    }

    private void file(String name, String content) throws IOException {
        var file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    @Test
    void a_directory_is_built_as_docker_build_does() throws IOException {
        file("app/Dockerfile", "FROM busybox\nARG A\nCOPY a.txt /\nRUN ip route && echo $A > /o\nCMD [\"cat\"]\n");
        file("app/a.txt", "hello\n");
        assertThat(run("build", "-t", "app:1", "--build-arg", "A=x", "--iidfile", "iid", "app"))
                .as(console.err())
                .isZero();
        assertThat(console.err())
                .contains("[2/3] COPY a.txt /", "[3/3] RUN ip route && echo $A > /o", "default via ", "as app:1");
        assertThat(run("network", "ls", "-q")).isZero();
        assertThat(console.out()).isEmpty();
        var id = Files.readString(directory.resolve("iid"));
        assertThat(run("build", "-q", "--build-arg", "A=x", "./app")).isZero();
        assertThat(console.out()).isEqualTo(id + "\n");
        assertThat(console.err()).isEmpty();
        file("other.Dockerfile", "FROM scratch\nCOPY a.txt /only\n");
        assertThat(run("build", "-f", "other.Dockerfile", "-o", "type=tar,dest=o.tar", "app"))
                .isZero();
        assertThat(directory.resolve("o.tar")).isNotEmptyFile();
        assertThat(run("build", "-o", "out", "--build-arg", "A=x", "./app")).isZero();
        assertThat(console.err()).contains("CACHED");
        assertThat(directory.resolve("out/o")).hasContent("x\n");
        assertThat(directory.resolve("out/a.txt")).hasContent("hello\n");
    }

    @Test
    void a_secret_can_come_out_of_a_pipe() throws Exception {
        file("Dockerfile", "FROM busybox\nRUN --mount=type=secret,id=key test \"$(cat /run/secrets/key)\" = hidden\n");
        var pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        var writer = CompletableFuture.runAsync(() -> {
            try {
                Files.writeString(pipe, "hidden", StandardOpenOption.WRITE);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });

        assertThat(run("build", "--network", "none", "--secret", "id=key,src=pipe", "."))
                .as(console.err())
                .isZero();
        writer.get(1, TimeUnit.MINUTES);
    }

    @Test
    void options_with_nothing_in_them_are_none_and_what_cannot_be_meant_is_told_before_anything_is_done()
            throws IOException {
        file("Dockerfile", "FROM scratch AS one\nLABEL a=b\nFROM scratch\nLABEL a=c\n");
        // As in docker build --target "$TARGET" -f "$FILE" where the variables are empty.
        assertThat(run(
                        "build",
                        "--target",
                        "",
                        "-f",
                        "",
                        "--network",
                        "",
                        "--iidfile",
                        "",
                        "--metadata-file",
                        "",
                        "--allow",
                        "",
                        "--add-host",
                        "",
                        "."))
                .as(console.err())
                .isZero();
        for (var wrong : List.of(
                List.of("--build-arg", "=x", "--build-arg takes NAME=VALUE or NAME, not \"=x\""),
                List.of("--add-host", "foo:bar", "--add-host foo:bar: \"bar\" is no IP address"),
                List.of("--add-host", "foo", "--add-host takes NAME:ADDRESS, not \"foo\""),
                List.of("--ulimit", "files=5", "--ulimit files=5: there are as, core, cpu, "),
                List.of("--secret", "id=key,src=/nope", "--secret key: there is no file /nope"),
                List.of("--secret", "id=key,src=/", "--secret key: there is no file /"),
                List.of("--secret", "id=key,src=/dev/zero", "--secret key: /dev/zero has more than 1048576 bytes"),
                List.of("--ssh", "default=/nope", "--ssh default: there is no /nope; name the socket"),
                List.of("--ssh", "default=/nope,/neither", "--ssh default: there is no /nope; name the socket"))) {
            assertThat(run("build", wrong.get(0), wrong.get(1), ".")).isEqualTo(ExitCodes.ERROR);
            assertThat(console.err()).contains(wrong.get(2)).doesNotContain("Built ");
        }
        assertThat(run("build", "--add-host", "a=[::1]", "--add-host", "b:host-gateway", "--ulimit", "nofile=9", "."))
                .as(console.err())
                .isZero();
    }

    @Test
    void a_service_that_cannot_be_built_ends_with_17_whoever_builds_it() throws IOException {
        file("Dockerfile", "FORM scratch\n");
        file("compose.yaml", "services: {app: {build: .}}\n");
        // So does docker compose 2.26.1.
        for (var words : List.of("build", "up -d", "up -d --build", "create", "scale app=1", "run --rm app true")) {
            assertThat(run(words.split(" "))).as(words + ": " + console.err()).isEqualTo(17);
        }
        assertThat(run("build", ".")).as("docker build").isEqualTo(ExitCodes.ERROR);
        assertThat(run("apply")).as("ours").isEqualTo(ExitCodes.ERROR);
    }

    @Test
    void a_dockerfile_in_lower_case_is_one_where_there_is_no_other() throws IOException {
        // docker buildx 0.13 has built all of these from it.
        file("app/dockerfile", "FROM scratch\nLABEL of=lower\n");
        for (var words : List.of(List.of("app/"), List.of("-f", "app/Dockerfile", "app/"), List.of("./app"))) {
            var all = new ArrayList<>(List.of("build", "-t", "app:1"));
            all.addAll(words);
            assertThat(run(all.toArray(String[]::new))).as(console.err()).isZero();
        }
        file("compose.yaml", "services: {app: {image: 'app:2', build: app}}\n");
        assertThat(run("build")).as(console.err()).isZero();
        assertThat(run("image", "inspect", "app:2")).isZero();
        assertThat(console.out()).contains("lower");
        assertThat(run("build", "-f", "app/Other", "app/")).isEqualTo(ExitCodes.ERROR);
        file("app/Dockerfile", "FROM scratch\nLABEL of=upper\n");
        assertThat(run("build", "-t", "app:3", "app/")).isZero();
        assertThat(run("image", "inspect", "app:3")).isZero();
        assertThat(console.out()).contains("upper");
        file("none/readme", "");
        assertThat(run("build", "none/")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("none/Dockerfile does not exist");
    }

    @Test
    void what_steps_have_made_survives_a_prune_of_images_until_the_cache_is_forgotten() throws IOException {
        file("app/Dockerfile", "FROM scratch\nCOPY a.txt /\nWORKDIR /w\n");
        file("app/a.txt", "hello\n");
        assertThat(run("build", "-t", "app:1", "app/")).isZero();
        assertThat(run("image", "prune", "-a", "-f")).isZero();
        assertThat(run("build", "-q", "app/")).isZero();
        assertThat(run("build", "app/")).isZero();
        assertThat(console.err()).contains("CACHED").doesNotContain("DONE");
        assertThat(run("system", "df")).isZero();
        assertThat(console.out()).containsPattern("Build Cache +2 ");
        assertThat(run("system", "prune", "-a", "-f")).isZero();
        assertThat(console.out()).contains("Forgot 2 build steps and 0 cache mounts");
        assertThat(run("build", "app/")).isZero();
        assertThat(console.err()).contains("DONE").doesNotContain("CACHED");
    }

    @Test
    void a_failure_tells_the_last_lines_and_the_place() throws IOException {
        file("Dockerfile", "FROM busybox\nRUN --network=none echo almost; exit 3\n");
        assertThat(run("build", ".")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err())
                .contains(
                        "> [2/2] RUN --network=none echo almost; exit 3:\nalmost\n",
                        "Dockerfile:2",
                        ">>> RUN --network=none echo almost; exit 3",
                        "failed to build: Dockerfile:2: process \"/bin/sh -c echo almost; exit 3\" did not complete"
                                + " successfully: exit code: 3");
        file("Dockerfile", "FORM busybox\n");
        assertThat(run("build", ".")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("unknown instruction: FORM (did you mean FROM?)");
    }

    @Test
    void what_is_no_file_is_neither_a_dockerfile_nor_an_ignore_file() throws Exception {
        file("app/a.txt", "hello\n");
        var dockerfile = directory.resolve("app/Dockerfile");
        fifo(dockerfile);
        assertThat(run("build", "app/")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("app/Dockerfile is not a file");
        Files.delete(dockerfile);
        try (var huge = FileChannel.open(dockerfile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            huge.write(ByteBuffer.wrap(new byte[] {'F'}), 5 << 20);
        }
        assertThat(run("build", "app/")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("app/Dockerfile is larger than 4194304 bytes");
        Files.write(dockerfile, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, (byte) 0xff, '\n'});
        assertThat(run("build", "app/")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("Dockerfile:1", "failed to build: Dockerfile has");
        file("app/Dockerfile", "FROM scratch\nCOPY . /\n");
        fifo(directory.resolve("app/.dockerignore"));
        assertThat(run("build", "app/")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains(".dockerignore is a fifo and no file");
        Files.delete(directory.resolve("app/.dockerignore"));
        // Inside the context there is nothing of that name, as with docker.
        file("outside", "*\n");
        Files.createSymbolicLink(directory.resolve("app/.dockerignore"), directory.resolve("outside"));
        assertThat(run("build", "-o", "out", "app/")).as(console.err()).isZero();
        assertThat(directory.resolve("out/a.txt")).hasContent("hello\n");
    }

    private static void fifo(Path file) throws Exception {
        assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor())
                .isZero();
    }

    @Test
    void a_service_whose_build_fails_names_its_dockerfile_from_the_project_on() throws IOException {
        file("compose.yaml", "services: {web: {build: {context: web, network: none}}}\n");
        file("web/Dockerfile", "FROM busybox\nRUN exit 3\n");
        assertThat(run("build")).isEqualTo(ExitCodes.COMPOSE_BUILD);
        assertThat(console.err())
                .contains("web/Dockerfile:2\n", "service \"web\": failed to build: web/Dockerfile:2: ");
        file("web/Dockerfile", "FORM busybox\n");
        assertThat(run("build")).isEqualTo(ExitCodes.COMPOSE_BUILD);
        assertThat(console.err()).contains("web/Dockerfile:1\n", "web/Dockerfile has an error");
    }

    @Test
    void lint_knows_the_variables_of_base_images_that_are_here() throws IOException {
        file("Dockerfile", "FROM busybox\nENV A=$JAVA_HOME/bin B=$PATH\nCMD [\"sh\"]\n");
        run("lint", "Dockerfile");
        assertThat(console.out()).contains("UndefinedVar", "$JAVA_HOME").doesNotContain("$PATH");
        file("Dockerfile", "FROM elsewhere:1\nENV A=$JAVA_HOME/bin B=$PATH\nCMD [\"sh\"]\n");
        run("lint", "Dockerfile");
        assertThat(console.out()).doesNotContain("UndefinedVar");
    }

    @Test
    void a_bare_name_is_a_service_and_a_path_is_none() throws IOException {
        assertThat(BuildCommand.isContext(List.of("web"), false)).isFalse();
        assertThat(BuildCommand.isContext(List.of("web"), true)).isTrue();
        assertThat(BuildCommand.isContext(List.of("./web"), false)).isTrue();
        assertThat(BuildCommand.isContext(List.of("."), false)).isTrue();
        assertThat(BuildCommand.isContext(List.of("web", "db"), true)).isFalse();
        assertThat(BuildCommand.isContext(List.of(), true)).isFalse();
        assertThat(run("build", "-t", "x")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("--tag is about one context: give one PATH, such as '.'");
        assertThat(run("build", "oci-layout://user:hidden@x/y")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err())
                .contains("the context oci-layout://x/y is of a kind that is not fetched")
                .doesNotContain("hidden");
    }

    @Test
    void services_are_built_before_they_run_and_only_when_they_must() throws IOException {
        file("compose.yaml", """
                name: built
                services:
                  web:
                    build:
                      context: web
                      network: none
                      args: {WHO: you}
                      labels: {made: here}
                      additional_contexts: {lib: "service:lib"}
                      secrets: [key]
                    network_mode: none
                    command: ["cat", "/greeting", "/lib"]
                  lib:
                    build: {context: web, dockerfile_inline: "FROM busybox\\nCOPY lib.txt /lib\\n"}
                    network_mode: none
                    command: ["true"]
                secrets: {key: {file: key.txt}}
                """);
        file("key.txt", "hidden-value\n");
        file("web/lib.txt", "lib\n");
        file("web/Dockerfile", """
                FROM busybox
                ARG WHO
                COPY --from=lib /lib /
                RUN --mount=type=secret,id=key test -s /run/secrets/key && echo "hello $WHO" > /greeting
                """);
        assertThat(run("up", "--no-build", "-d")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("run 'lockstep build', or 'lockstep up --build'");
        assertThat(run("run", "--rm", "-T", "web")).as(console.err()).isZero();
        assertThat(console.err()).contains(" lib Built", " web Built");
        assertThat(run("run", "--rm", "-T", "web")).isZero();
        assertThat(console.err()).doesNotContain("Building");
        assertThat(run("image", "inspect", "--format", "{{.Config.Labels.made}}", "built-web"))
                .isZero();
        assertThat(console.out()).isEqualTo("here\n");

        file("web/lib.txt", "other\n");
        assertThat(run("build", "web")).isZero();
        assertThat(console.err()).contains("CACHED").contains(" web Built");
        assertThat(run("up", "-d", "--build")).as(console.err()).isZero();
        assertThat(run("logs", "--no-log-prefix", "web")).isZero();
        assertThat(console.out()).contains("hello you\nother\n");
    }
}
