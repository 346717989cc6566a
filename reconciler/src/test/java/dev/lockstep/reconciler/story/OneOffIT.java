package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs of a person in containers, and what a person asks of single containers. */
class OneOffIT {
    private static final Duration SOON = Duration.ofSeconds(90);

    @TempDir
    Path directory;

    private Host host;
    private Path project;

    @BeforeEach
    void aStack() throws IOException {
        host = new Host(directory);
        project = Files.createDirectories(directory.resolve("p"));
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  app:
                    image: web:1
                    command: sleep 100000
                    stop_grace_period: 0s
                    environment: {WHO: service}
                    volumes: ["data:/data"]
                    depends_on: [db]
                  db: {image: "web:1", command: sleep 100000, network_mode: none, stop_grace_period: 0s}
                volumes: {data: {}}
                """);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    private Host.Said run(int code, String... words) throws IOException {
        var said = host.lockstepIn(project, words);
        assertThat(said.code()).as("%s: %s", Arrays.toString(words), said.all()).isEqualTo(code);
        return said;
    }

    @Test
    void a_program_runs_in_a_container_of_its_own_and_its_exit_code_is_ours() throws Exception {
        var first = run(8, "run", "--rm", "-T", "app", "sh", "-c", "echo out; echo err >&2; exit 8");
        assertThat(first.out()).isEqualTo("out\n");
        assertThat(first.err())
                .contains("Container p-db-1  Started")
                .endsWith("err\n")
                .doesNotContain("p-app-1");
        assertThat(host.pids()).containsOnlyKeys("p-db-1");

        assertThat(run(127, "run", "--rm", "-T", "--no-deps", "app", "nosuch").err())
                .contains("nosuch");
        assertThat(run(126, "run", "--rm", "-T", "--no-deps", "app", "/etc").err())
                .contains("/etc");
        assertThat(run(125, "run", "--rm", "-T", "--user", "nobody-knows", "app", "true")
                        .err())
                .contains("nobody-knows");
        assertThat(run(1, "run", "--rm", "ap", "true").err()).contains("no such service: ap. Did you mean \"app\"?");
        assertThat(run(1, "run", "--rm", "-p", "x", "app", "true").err()).contains("\"x\" is no port to publish");
        assertThat(run(0, "ps", "-a", "-q").out().lines()).hasSize(1);

        var port = Host.freePort();
        assertThat(run(
                                0,
                                "run",
                                "--rm",
                                "-T",
                                "-e",
                                "WHO=person",
                                "-e",
                                "MORE=1",
                                "-w",
                                "/tmp",
                                "-v",
                                project + ":/project:ro,z,rprivate",
                                "-p",
                                port + "-" + port + ":80",
                                "--name",
                                "mine",
                                "--entrypoint",
                                "sh -c",
                                "app",
                                "echo $WHO $MORE; pwd; hostname >/data/mark; ls /project; touch /project/x || echo read-only")
                        .out())
                .isEqualTo("person 1\n/tmp\ncompose.yaml\nread-only\n");
        // The volume is the stack's, and what was in it stays.
        assertThat(run(0, "run", "--rm", "-T", "--no-deps", "app", "cat", "/data/mark")
                        .out())
                .isNotBlank();

        // What is typed goes in, and its end is told.
        var cat = host.run(
                project,
                List.of(
                        "sh",
                        "-c",
                        "echo typed | " + String.join(" ", host.command("run", "--rm", "-T", "app", "cat"))));
        assertThat(cat.out()).isEqualTo("typed\n");

        // A detached one is no container of the service: scaling, planning and stopping pass it by; down does not.
        var id = run(0, "run", "-d", "--name", "late", "app", "sleep", "100000")
                .out()
                .strip();
        assertThat(id).matches("[0-9a-f]{64}");
        run(0, "up", "-d", "--remove-orphans");
        run(0, "stop");
        assertThat(host.pids()).containsOnlyKeys("late");
        assertThat(run(0, "ps").out()).doesNotContain("late");
        assertThat(run(0, "ps", "-a").out()).contains("late", "Up");
        assertThat(run(0, "plan").out()).doesNotContain("late");
    }

    /** As with docker compose: what the files could ask for is what {@code -e NAME} passes on. */
    @Test
    void a_variable_without_a_value_is_taken_from_the_env_file_of_the_project() throws Exception {
        Files.writeString(project.resolve(".env"), "FROM_FILE=from file\n");
        run(0, "up", "-d", "app");
        var program = List.of("app", "sh", "-c", "echo $FROM_FILE, $WHO, ${NOWHERE-nothing}");
        for (var command : List.of(List.of("run", "--rm", "-T"), List.of("exec", "-T"))) {
            var words = new ArrayList<>(command);
            words.addAll(List.of("-e", "FROM_FILE", "-e", "WHO", "-e", "NOWHERE"));
            words.addAll(program);

            assertThat(run(0, words.toArray(String[]::new)).out())
                    .as("%s", command)
                    .isEqualTo("from file, service, nothing\n");
        }
    }

    /** As with docker compose, which asks the files for their own paths alone. */
    @Test
    void signals_to_the_command_are_the_programs() throws Exception {
        for (var signal : List.of("HUP", "USR1", "USR2", "ALRM")) {
            var program = "trap 'echo got " + signal + "; exit 7' " + signal
                    + "; touch /project/ready; while :; do sleep 0.05; done";
            var ready = project.resolve("ready");
            var words =
                    List.of("run", "--rm", "-T", "--no-deps", "-v", project + ":/project", "app", "sh", "-c", program);
            var running = new ProcessBuilder(host.command(words.toArray(String[]::new)))
                    .directory(project.toFile())
                    .start();
            try {
                await().atMost(SOON).until(() -> Files.exists(ready));
                host.run(project, List.of("kill", "-s", signal, String.valueOf(running.pid())));
                assertThat(running.waitFor()).as(signal).isEqualTo(7);
                assertThat(running.inputReader().readLine()).isEqualTo("got " + signal);
            } finally {
                running.destroyForcibly();
                Files.deleteIfExists(ready);
            }
        }
        run(0, "down", "-v"); // there is a network, and no container to know the stack by
    }

    @Test
    void a_relative_path_of_v_begins_where_the_person_is() throws Exception {
        var here = Files.createDirectories(project.resolve("here"));
        Files.writeString(here.resolve("mark"), "");

        var said = host.lockstepIn(here, "run", "--rm", "-T", "--no-deps", "-v", ".:/here", "app", "ls", "/here");

        assertThat(said.code()).as(said.all()).isZero();
        assertThat(said.out()).isEqualTo("mark\n");
        run(0, "down", "-v"); // there is a network, and no container to know the stack by
    }

    @Test
    void an_image_that_cannot_be_had_leaves_nothing_behind() throws Exception {
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  app: {image: "localhost:1/none:1", volumes: ["data:/data"]}
                volumes: {data: {}}
                """);

        assertThat(run(18, "run", "--rm", "-T", "app", "true").err()).contains("localhost:1 is not reachable");
        assertThat(run(0, "network", "ls", "-q").out()).isEmpty();
        assertThat(run(0, "volume", "ls", "-q").out()).isEmpty();
    }

    @Test
    void a_program_that_has_ended_keeps_no_port_and_no_mount() throws Exception {
        var port = Host.freePort();
        for (var i = 0; i < 2; i++) {
            run(3, "run", "-T", "--no-deps", "-p", port + ":80", "app", "sh", "-c", "exit 3");
        }
        assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(host.runRoot() + "/containers");
    }

    @Test
    void a_program_whose_output_nobody_reads_any_more_holds_nobody_up() throws Exception {
        run(0, "up", "-d", "app");
        for (var words : List.of(
                List.of("exec", "-T", "app", "yes"),
                List.of("run", "--rm", "-T", "--no-deps", "app", "yes"),
                List.of("container", "run", "--name", "loose", "--network", "none", "web:1", "yes"),
                List.of("container", "attach", "loose"))) {
            var command = String.join(" ", host.command(words.toArray(String[]::new)));
            var said = host.run(project, List.of("bash", "-c", command + " | head -1; echo ${PIPESTATUS[0]}"));
            // As for a program that SIGPIPE has ended; Docker's client ends that way.
            assertThat(said.all()).as("%s", words).isEqualTo("y\n141\n");
        }
        // What was asked to leave nothing leaves nothing; another runs on, as Docker's does.
        assertThat(host.pids()).containsOnlyKeys("p-app-1", "p-db-1", "loose");
        run(0, "container", "rm", "-f", "loose");
    }

    @Test
    void what_is_piped_into_a_container_is_not_searched_for_keys() throws Exception {
        Files.writeString(project.resolve("compose.yaml"), """
                services: {a: {image: "web:1", command: ["head -c 5 > /out/it"], stdin_open: true, volumes: ["./out:/out"],
                               entrypoint: [sh, -c], network_mode: none}}
                """);
        run(0, "up", "-d");
        var command = String.join(" ", host.command("attach", "a"));

        var said = host.run(project, List.of("sh", "-c", "printf 'a\\020\\021b\\020' | " + command));

        assertThat(said.code()).as(said.all()).isZero();
        assertThat(project.resolve("out/it")).hasBinaryContent(new byte[] {'a', 16, 17, 'b', 16});
    }

    @Test
    void a_terminal_is_the_programs_own_and_can_be_left() throws Exception {
        run(0, "up", "-d");
        // Typed: an interrupt, which is the program's to hear, then the keys that leave it.
        Files.writeString(project.resolve("inside.sh"), """
                trap 'echo heard; touch /data/heard' INT
                test -t 0 && echo terminal $TERM
                touch /data/ready
                while :; do sleep 0.1; done
                """);
        var command = String.join(
                " ",
                host.command("run", "--name", "shell", "-v", project + ":/project", "app", "sh", "/project/inside.sh"));
        var output = directory.resolve("typescript");
        var script = new ProcessBuilder("script", "-qec", command, "/dev/null")
                .directory(project.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try (var keys = script.getOutputStream()) {
            var data = host.root().resolve("volumes/p_data/data");
            await().atMost(SOON).until(() -> Files.exists(data.resolve("ready")));
            keys.write(3);
            keys.flush();
            await().atMost(SOON).until(() -> Files.exists(data.resolve("heard")));
            keys.write(new byte[] {16, 17}); // ctrl-p, ctrl-q
            keys.flush();
            assertThat(script.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(script.exitValue()).isZero();
        } finally {
            script.destroyForcibly().waitFor();
        }
        assertThat(Files.readString(output, StandardCharsets.UTF_8)).contains("terminal xterm", "heard");
        assertThat(run(0, "container", "ls").out()).contains("shell");
        assertThat(run(0, "inspect", "shell").out()).contains("\"Tty\": true");

        // Attached again, it ends with the program's exit code.
        var attached = host.start(project, "container", "attach", "shell");
        await().atMost(SOON)
                .until(() ->
                        run(0, "events", "--since", "1m", "--until", "0s").out().contains(" attach "));
        run(0, "container", "kill", "shell");
        assertThat(attached.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(attached.exitValue()).isEqualTo(137);
    }

    @Test
    void files_go_in_and_out_of_running_and_stopped_containers_and_volumes() throws Exception {
        run(0, "up", "-d");
        Files.writeString(project.resolve("in"), "from outside\n");

        run(0, "cp", "in", "app:/data/in");
        assertThat(run(0, "exec", "-T", "app", "cat", "/data/in").out()).isEqualTo("from outside\n");
        run(0, "cp", "app:/data/.", "out");
        assertThat(project.resolve("out/in")).hasContent("from outside\n");
        run(0, "stop");
        run(0, "cp", "in", "app:/data/stopped");
        run(0, "cp", "in", "app:/tmp/own");
        run(0, "cp", "app:/data/in", "again");
        assertThat(project.resolve("again")).hasContent("from outside\n");
        var copied = host.run(
                project,
                List.of(
                        "sh",
                        "-c",
                        String.join(" ", host.command("cp", "app:/tmp/own", "-")) + " | tar xO | tee piped; "
                                + "tar c piped | " + String.join(" ", host.command("cp", "-", "app:/tmp"))));
        assertThat(copied.all()).isEqualTo("from outside\n");
        run(0, "start");
        assertThat(run(0, "exec", "-T", "app", "cat", "/data/stopped", "/tmp/own", "/tmp/piped")
                        .out())
                .isEqualTo("from outside\n".repeat(3));

        assertThat(run(1, "cp", "app:/nosuch", ".").err())
                .contains("Could not find the file /nosuch in container p-app-1");
        assertThat(run(1, "cp", "nosuch", "app:/").err()).contains("Could not find the file");
        assertThat(run(1, "cp", "a", "b").err()).contains("unknown copy direction");
        assertThat(run(1, "cp", "ap:/x", ".").err()).contains("no such service: ap");
    }

    @Test
    void containers_are_named_measured_inspected_and_what_happens_is_told() throws Exception {
        run(0, "up", "-d");
        var events = directory.resolve("events");
        var listening = new ProcessBuilder(host.command("-p", "p", "events", "--json"))
                .directory(project.toFile())
                .redirectOutput(events.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            await().atMost(SOON).until(() -> {
                run(0, "pause", "db");
                run(0, "unpause", "db");
                return Files.size(events) > 0;
            });
            // Nobody but the listener looks when a process ends by itself.
            new ProcessBuilder("kill", "-9", host.pids().get("p-db-1").toString())
                    .start()
                    .waitFor();
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(events)
                            .content()
                            .containsPattern(
                                    "\\{\"action\":\"die\",\"attributes\":\\{\"execDuration\":\"\\d+\",\"exitCode\":\"137\","
                                            + "\"image\":\"web:1\",\"name\":\"p-db-1\"},\"id\":\"[0-9a-f]{64}\","
                                            + "\"service\":\"db\",\"time\":\"[^\"]*Z\",\"type\":\"container\"}\n"));
        } finally {
            listening.destroy();
            listening.waitFor();
        }

        assertThat(run(0, "stats", "--no-stream", "--format", "json", "app").out())
                .matches(
                        "\\{\"BlockIO\":\"[^\"]+ / [^\"]+\",\"CPUPerc\":\"\\d+\\.\\d\\d%\",\"Container\":\"[0-9a-f]{12}\","
                                + "\"ID\":\"[0-9a-f]{12}\",\"MemPerc\":\"\\d+\\.\\d\\d%\",\"MemUsage\":\"[\\d.]+[KM]iB / [\\d.]+GiB\","
                                + "\"Name\":\"p-app-1\",\"NetIO\":\"[^\"]+ / [^\"]+\",\"PIDs\":\"1\"}\n");
        assertThat(run(1, "stats", "--no-stream", "nosuch").err()).contains("no such service: nosuch");
        assertThat(run(1, "inspect", "nosuch").all()).isEqualTo("[]\nlockstep: No such object: nosuch\n");
        assertThat(run(0, "inspect", "app").out()).contains("\"Name\": \"/p-app-1\"", "\"Status\": \"running\"");
        // What scripts ask of Docker, whose fields may be empty and are there.
        assertThat(run(
                                0,
                                "inspect",
                                "-f",
                                "{{.State.Status}} {{.State.Restarting}} {{if .Config.Healthcheck}}checked{{end}}"
                                        + "{{if .State.Health}}{{.State.Health.Status}}{{else}}unchecked{{end}}",
                                "app")
                        .out())
                .isEqualTo("running false unchecked\n");
        assertThat(run(0, "inspect", "app").out()).doesNotContain("\"Health");

        run(0, "run", "--name", "talker", "-T", "db", "sh", "-c", "echo one; echo two");
        assertThat(run(0, "container", "logs", "--tail", "1", "talker").out()).isEqualTo("two\n");
        assertThat(run(0, "container", "logs", "-f", "talker").out()).isEqualTo("one\ntwo\n");

        run(0, "container", "rename", "p-app-1", "other");
        assertThat(run(1, "container", "rename", "other", "p-db-1").err()).contains("is taken");
        assertThat(run(1, "container", "stop", "nosuch", "other").all())
                .isEqualTo("other\nlockstep: No such container: nosuch\n");
        assertThat(run(0, "container", "wait", "other").out()).isEqualTo("137\n");
        assertThat(run(1, "container", "exec", "other", "true").err()).contains("container other is not running");
        assertThat(run(0, "container", "start", "other").out()).isEqualTo("other\n");
        assertThat(run(1, "container", "rm", "other").err()).contains("is running");
        assertThat(run(0, "container", "rm", "-f", "other").out()).isEqualTo("other\n");
        // Its old name is free again.
        run(0, "up", "-d", "app");
        assertThat(host.pids()).containsKey("p-app-1");
    }

    @Test
    void a_hand_on_a_followed_stack_is_told_when_the_agent_undoes_it() throws Exception {
        try (var repository = new Repository(directory.resolve("shop"))) {
            repository.commit(
                    "First",
                    Map.of(
                            "compose.yaml",
                            "services: {a: {image: \"web:1\", command: sleep 100000, stop_grace_period: 0s}}\n"));
            host.agent(repository.directory());
            await().atMost(SOON).until(() -> host.lockstep("status").out().contains("converged"));

            var said = host.lockstep("-p", "shop", "stop");

            assertThat(said.err())
                    .contains(
                            " Container shop-a-1  Stopped\n",
                            "The agent follows stack shop in ",
                            "put it back within ");
            await().atMost(SOON).until(() -> host.pids().containsKey("shop-a-1"));

            // A program of a person that failed is neither started again nor put away.
            var spec = Files.writeString(
                    directory.resolve("shop.yaml"),
                    "name: shop\nservices: {a: {image: \"web:1\", command: sleep 100000}}\n");
            var failed = host.lockstep("-f", spec.toString(), "run", "-T", "--name", "mine", "a", "false");
            assertThat(failed.code()).as(failed.all()).isEqualTo(1);
            host.lockstep("sync");
            assertThat(host.lockstep("-p", "shop", "ps", "-a", "--format", "json")
                            .out())
                    .containsPattern("\"Name\":\"mine\".*\"State\":\"exited\"");
        }
    }
}
