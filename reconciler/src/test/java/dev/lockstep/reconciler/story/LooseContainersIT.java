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

/** Containers that belong to no stack, as a user of docker run, update, ps, events and prune knows them. */
class LooseContainersIT {
    private static final String SIZED = "stty rows 11 cols 22\n";

    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private Host host;

    @BeforeEach
    void aHost() throws IOException {
        host = new Host(directory);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.lockstep("container", "kill", "one", "two");
        host.lockstep("container", "prune", "-f");
        host.close();
    }

    private Host.Said run(int code, String... words) throws IOException {
        var said = host.lockstep(words);
        assertThat(said.code()).as("%s: %s", Arrays.toString(words), said.all()).isEqualTo(code);
        return said;
    }

    @Test
    void an_agent_takes_away_what_goes_with_its_end_and_the_network_that_nobody_else_is_on() throws Exception {
        try (var repository = new Repository(directory.resolve("repo"))) {
            repository.commit("nothing", Map.of("compose.yaml", "name: none\nservices: {}\n"));
            host.agent(repository.directory());
            await().untilAsserted(() -> assertThat(host.agentLog()).contains("agent of host test runs"));
            var passing = run(0, "container", "run", "-d", "--rm", Host.WEB, "sleep", "100000")
                    .out()
                    .strip();
            assertThat(run(0, "network", "ls", "-q").out()).isNotEmpty();
            run(0, "container", "kill", passing);
            await().untilAsserted(() ->
                    assertThat(run(0, "network", "ls", "-q").out()).isEmpty());
            assertThat(run(0, "container", "ls", "-aq").out()).isEmpty();
        }
    }

    @Test
    void volumes_without_a_name_are_of_one_container_whatever_that_is_called() throws IOException {
        detached("one", "-v", "/data");
        run(0, "container", "exec", "one", "sh", "-c", "echo theirs > /data/file");
        run(0, "container", "rename", "one", "two");
        detached("one", "-v", "/data");
        assertThat(run(0, "container", "exec", "one", "ls", "/data").out()).isEmpty();
        assertThat(run(0, "volume", "ls", "-q").out().lines()).hasSize(2);

        // Who takes it away without -v leaves its volume, and whoever comes under that name has another.
        run(0, "container", "exec", "one", "sh", "-c", "echo old > /data/file");
        run(0, "container", "rm", "-f", "one");
        detached("one", "-v", "/data");
        assertThat(run(0, "container", "exec", "one", "ls", "/data").out()).isEmpty();

        run(0, "container", "rm", "-f", "-v", "one", "two");
        assertThat(run(0, "volume", "ls", "-q").out().lines()).hasSize(1);
        run(0, "volume", "prune", "-f");
        assertThat(run(0, "volume", "ls", "-q").out()).isEmpty();
    }

    @Test
    void the_address_of_a_container_that_was_renamed_is_free_when_it_is_gone() throws IOException {
        run(0, "network", "create", "--subnet", "10.214.77.0/30", "lan"); // the gateway's and one more
        detached("one", "--network", "lan");
        run(0, "container", "rename", "one", "two");
        run(0, "container", "restart", "-t", "0", "two");
        run(0, "container", "rm", "-f", "two");
        detached("other", "--rm", "--network", "lan");
        run(0, "container", "rename", "other", "two");
        run(0, "container", "kill", "two");
        await().atMost(SOON)
                .untilAsserted(
                        () -> assertThat(run(0, "container", "ls", "-aq").out()).isEmpty());
        detached("one", "--network", "lan");
        run(0, "container", "rm", "-f", "one");
        run(0, "network", "rm", "lan");
    }

    private void detached(String name, String... flags) throws IOException {
        var words = new ArrayList<>(List.of("container", "run", "-d", "--name", name));
        words.addAll(List.of(flags));
        words.addAll(List.of(Host.WEB, "sleep", "100000"));
        run(0, words.toArray(String[]::new));
    }

    @Test
    void flags_of_docker_run_are_honoured_and_exit_codes_are_dockers() throws IOException {
        assertThat(run(0, "container", "run", "--rm", Host.WEB, "echo", "hi").out())
                .isEqualTo("hi\n");
        run(7, "container", "run", "--rm", Host.WEB, "sh", "-c", "exit 7");
        assertThat(run(127, "container", "run", "--rm", Host.WEB, "nosuch").err())
                .contains("nosuch");
        run(126, "container", "run", "--rm", Host.WEB, "/etc");
        assertThat(run(125, "container", "run", "--rm", "--pull", "never", "nosuch:1")
                        .err())
                .contains("No such image: nosuch:1");
        assertThat(run(125, "container", "run", "--rm", "--memory", "lots", Host.WEB)
                        .err())
                .contains("mem_limit: ");
        assertThat(run(125, "container", "run", "--network", "nosuch", Host.WEB).err())
                .contains("network nosuch not found");
        assertThat(run(125, "container", "run", "--volume-driver", "a", Host.WEB)
                        .err())
                .contains("--volume-driver takes local, not \"a\": volumes are on this host");
        assertThat(run(0, "container", "ls", "-aq").out()).isEmpty();
        for (var source : List.of("src=kept,", "")) {
            var mount = "type=volume," + source + "dst=/v,volume-label=tier=back";
            run(0, "container", "run", "--rm", "--mount", mount, Host.WEB, "true");
        }
        // That of the container goes with it, as with docker.
        assertThat(run(0, "volume", "ls", "-q", "-f", "label=tier=back").out()).isEqualTo("kept\n");
        run(0, "volume", "rm", "kept");

        // Nobody waits for it, and it goes all the same, with the network that it was the last one in.
        run(0, "container", "run", "-d", "--rm", Host.WEB, "true");
        await().untilAsserted(
                        () -> assertThat(run(0, "container", "ls", "-aq").out()).isEmpty());

        var id = run(
                        0,
                        "container",
                        "run",
                        "-d",
                        "--name",
                        "one",
                        "--network",
                        "none",
                        "-e",
                        "A=$B ${C}",
                        "--tmpfs",
                        "/x:size=1m",
                        "--ulimit",
                        "nofile=10:20",
                        "-v",
                        directory + ":/host:ro",
                        "--cap-drop",
                        "ALL",
                        "--hostname",
                        "somewhere",
                        "-l",
                        "com.example.some-name=v",
                        "-m",
                        "64m",
                        Host.WEB,
                        "sleep",
                        "100000")
                .out()
                .strip();
        assertThat(id).matches("[0-9a-f]{64}");
        assertThat(run(
                                0,
                                "container",
                                "exec",
                                "one",
                                "sh",
                                "-c",
                                "echo $A; ulimit -n; hostname; grep -c ' /x tmpfs .*size=1024k' /proc/mounts;"
                                        + " touch /host/y 2>/dev/null || echo read-only; grep CapEff /proc/1/status")
                        .out())
                .isEqualTo("$B ${C}\n10\nsomewhere\n1\nread-only\nCapEff:\t0000000000000000\n");

        // Limits change while it runs, and the kernel says so.
        var pid = host.pids().get("one");
        run(0, "container", "update", "-m", "128m", "--restart", "on-failure:3", "one");
        assertThat(host.pids().get("one")).isEqualTo(pid);
        assertThat(run(0, "container", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", "one")
                        .out())
                .matches("one [\\d.]+[KM]iB / 128MiB\n");
        assertThat(run(
                                0,
                                "container",
                                "inspect",
                                "-f",
                                "{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}} {{index .Config.Labels \"com.example.some-name\"}}",
                                "one")
                        .out())
                .isEqualTo("134217728 on-failure v\n");
        assertThat(run(1, "container", "update", "--memory", "1k", "one").err()).contains("at least 6 MiB");

        // Lists, filters and templates.
        run(0, "container", "create", "--name", "two", "--network", "none", Host.WEB, "sleep", "100000");
        assertThat(run(0, "container", "ls", "--format", "{{.Names}} {{.Label \"com.example.some-name\"}}")
                        .out())
                .isEqualTo("one v\n");
        assertThat(run(0, "container", "ls", "--filter", "status=created", "--format", "{{.Names}}")
                        .out())
                .isEqualTo("two\n");
        for (var filter :
                List.of("label=com.example.some-name", "name=^/one$", "ancestor=web:1", "id=" + id, "before=two")) {
            assertThat(run(0, "container", "ls", "-f", filter, "--format", "{{.Names}}")
                            .out())
                    .as(filter)
                    .isEqualTo("one\n");
        }
        assertThat(run(0, "container", "ls", "-n", "1", "-q", "--no-trunc").out())
                .hasSize(65);
        assertThat(run(1, "container", "ls", "-f", "foo=bar").err()).contains("invalid filter 'foo'");
        assertThat(run(0, "container", "ls", "-a").out().lines().toList().getFirst())
                .matches("CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES");
        assertThat(run(
                                0,
                                "container",
                                "events",
                                "--since",
                                "1h",
                                "--until",
                                "0s",
                                "-f",
                                "event=start",
                                "-f",
                                "container=one",
                                "--format",
                                "{{.Type}} {{.Action}} {{.Actor.Attributes.name}}")
                        .out())
                .isEqualTo("container start one\n");

        // What has ended, or never ran, goes; what runs stays.
        assertThat(run(0, "container", "prune", "-f", "--filter", "label=nosuch")
                        .out())
                .isEqualTo("Total reclaimed space: 0B\n");
        assertThat(run(0, "container", "prune", "-f").out()).startsWith("Deleted Containers:\n");
        assertThat(run(0, "container", "ls", "-a", "--format", "{{.Names}}").out())
                .isEqualTo("one\n");
        run(0, "container", "stop", "-t", "0", "one");
        assertThat(run(0, "container", "wait", "one").out()).isEqualTo("137\n");
    }

    @Test
    void a_terminal_is_left_with_the_keys_that_were_asked_for_and_is_as_it_was() throws Exception {
        // What the terminal is like before and after is what the shell outside says of it.
        var command = String.join(
                " ",
                host.command(
                        "container",
                        "run",
                        "-it",
                        "--name",
                        "one",
                        "--network",
                        "none",
                        "--detach-keys",
                        "ctrl-a,x",
                        Host.WEB,
                        "sh",
                        "-c",
                        "'stty -a | grep -q icanon && echo terminal; read word; echo heard $word; while :; do sleep 1; done'"));
        assertThat(onTerminal(command, "terminal", "", new byte[] {1, 'x'})).contains("code 0", "restored");
        assertThat(host.pids()).containsKey("one");
        // Who comes back is heard, and may leave again.
        var again = String.join(" ", host.command("container", "attach", "one"));
        assertThat(onTerminal(again, "", "word\r", new byte[] {16, 17})).contains("heard word", "code 0", "restored");
        assertThat(host.pids()).containsKey("one");
    }

    @Test
    void a_program_on_a_terminal_knows_its_size_from_the_beginning() throws Exception {
        var run = String.join(
                " ", host.command("container", "run", "-it", "--network", "none", Host.WEB, "stty", "size"));
        assertThat(onTerminal(SIZED + run, "code", "", new byte[0])).contains("11 22", "code 0");
        run(0, "container", "run", "-d", "--name", "one", "--network", "none", Host.WEB, "sleep", "600");
        var exec = String.join(" ", host.command("container", "exec", "-it", "one", "stty", "size"));
        assertThat(onTerminal(SIZED + exec, "code", "", new byte[0])).contains("11 22", "code 0");
    }

    /** Waits for a text, types until something is heard, and leaves with those keys. */
    private String onTerminal(String command, String waitsFor, String types, byte[] leaves) throws Exception {
        Files.writeString(
                directory.resolve("outside.sh"),
                "before=$(stty -g)\n" + command
                        + "\necho code $?\n[ \"$before\" = \"$(stty -g)\" ] && echo restored\n");
        var output = directory.resolve("typescript");
        Files.deleteIfExists(output);
        var script = new ProcessBuilder("script", "-qec", "sh outside.sh", "/dev/null")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try (var keys = script.getOutputStream()) {
            await().atMost(SOON).until(() -> text(output).contains(waitsFor));
            if (!types.isEmpty()) {
                // What is typed before the terminal is raw goes nowhere.
                await().atMost(SOON).pollInterval(Duration.ofSeconds(1)).until(() -> {
                    keys.write(types.getBytes(StandardCharsets.US_ASCII));
                    keys.flush();
                    return text(output).contains("heard");
                });
            }
            keys.write(leaves);
            keys.flush();
            assertThat(script.waitFor(60, TimeUnit.SECONDS)).as(text(output)).isTrue();
        } finally {
            script.destroyForcibly().waitFor();
        }
        return text(output);
    }

    private static String text(Path file) throws IOException {
        return Files.exists(file) ? Files.readString(file, StandardCharsets.UTF_8) : "";
    }
}
