package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a user of docker compose types, and the lines that docker compose 2.26.1 answers it with, for a stack of two
 * services where one waits for the other, and one that ends at once.
 */
class ServicesIT {
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
                  web:
                    image: web:1
                    command: ["sh", "-c", "trap 'exit 3' TERM; echo hello; while :; do sleep 0.05; done"]
                    ports: ["80"]
                    depends_on: [db]
                    scale: 2
                  db: {image: "web:1", command: sleep 100000, network_mode: none, stop_grace_period: 0s}
                  done: {image: "web:1", command: "true", network_mode: none}
                """);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    /** Runs it, and holds it to its exit code. */
    private Host.Said run(int code, String... words) throws IOException {
        var said = host.lockstepIn(project, words);
        assertThat(said.code()).as("%s: %s", Arrays.toString(words), said.all()).isEqualTo(code);
        return said;
    }

    /** Whether the process waits for the end of another one. */
    private static boolean hasPidfd(Process process) throws IOException {
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc/" + process.pid() + "/fd"))) {
            for (var descriptor : descriptors) {
                if (Files.isSymbolicLink(descriptor)
                        && Files.readSymbolicLink(descriptor).toString().contains("pidfd")) {
                    return true;
                }
            }
            return false;
        } catch (NoSuchFileException | DirectoryIteratorException e) {
            return false; // closed while we looked
        }
    }

    private static String sorted(String lines) {
        return lines.lines().sorted().collect(Collectors.joining("\n"));
    }

    private void says(String lines, Host.Said said) {
        assertThat(sorted(said.err())).isEqualTo(sorted(lines));
        assertThat(said.out()).isEmpty();
    }

    private String states() throws IOException {
        return run(0, "ps", "-a", "--format", "json")
                .out()
                .lines()
                .map(l -> l.replaceAll(".*\"Name\":\"([^\"]*)\".*\"State\":\"([^\"]*)\".*", "$1 $2"))
                .collect(Collectors.joining(", "));
    }

    @Test
    void services_are_made_started_paused_stopped_and_removed() throws Exception {
        assertThat(run(1, "start").err()).contains("service \"db\" has no container to start");
        assertThat(run(0, "kill").err()).isEqualTo("no container to kill\n");
        assertThat(run(0, "rm", "-f").err()).isEqualTo("No stopped containers\n");
        assertThat(run(1, "wait", "web").err()).contains("no containers for project \"p\"");
        assertThat(run(1, "port", "web", "80").err()).contains("service \"web\" is not running");
        for (var word : new String[] {"start", "stop", "restart", "kill", "pause", "unpause", "rm", "top", "ps"}) {
            assertThat(run(1, word, "wbe").err()).isEqualTo("lockstep: no such service: wbe. Did you mean \"web\"?\n");
        }

        says("""
                 Network p_default  Creating
                 Network p_default  Created
                 Container p-db-1  Creating
                 Container p-db-1  Created
                 Container p-done-1  Creating
                 Container p-done-1  Created
                 Container p-web-1  Creating
                 Container p-web-1  Created
                 Container p-web-2  Creating
                 Container p-web-2  Created
                """, run(0, "create"));
        assertThat(run(0, "create", "db").err()).isEqualTo(" Container p-db-1  Created\n");
        assertThat(states()).isEqualTo("p-db-1 created, p-done-1 created, p-web-1 created, p-web-2 created");
        var started = run(0, "start");
        says("""
                 Container p-db-1  Starting
                 Container p-db-1  Started
                 Container p-done-1  Starting
                 Container p-done-1  Started
                 Container p-web-1  Starting
                 Container p-web-1  Started
                 Container p-web-2  Starting
                 Container p-web-2  Started
                """, started);
        assertThat(started.err().indexOf("p-db-1  Started"))
                .isLessThan(started.err().indexOf("p-web-1  Starting"));

        // What is asked of running containers.
        assertThat(run(0, "port", "web", "80").out()).matches("0\\.0\\.0\\.0:\\d+\n");
        assertThat(run(0, "port", "--index", "2", "web", "80").out()).matches("0\\.0\\.0\\.0:\\d+\n");
        assertThat(run(1, "port", "web", "81").err()).contains("no port 81/tcp for container p-web-1: 0.0.0.0:");
        assertThat(run(1, "port", "--protocol", "udp", "web", "80").err()).contains("no port 80/udp");
        assertThat(run(1, "port", "--index", "5", "web", "80").err())
                .contains("service \"web\" is not running container #5");
        assertThat(run(0, "top", "db").out().lines().toList())
                .satisfiesExactly(
                        name -> assertThat(name).isEqualTo("p-db-1"),
                        head -> assertThat(head).matches("UID +PID +PPID +C +STIME +TTY +TIME +CMD"),
                        line -> assertThat(line)
                                .matches("root +\\d+ +\\d+ +\\d+ +\\d\\d:\\d\\d +\\? +00:00:00 +sleep 100000"),
                        end -> assertThat(end).isEmpty());
        assertThat(run(0, "images", "db").out().lines().toList().get(0))
                .matches("CONTAINER +REPOSITORY +TAG +IMAGE ID +SIZE");
        assertThat(run(0, "images", "--format", "json", "db").out())
                .matches("\\[\\{\"ID\":\"sha256:[0-9a-f]{64}\",\"ContainerName\":\"p-db-1\",\"Repository\":\"web\","
                        + "\"Tag\":\"1\",\"Size\":\\d+}]\n");
        assertThat(run(0, "images", "-q").out()).matches("[0-9a-f]{64}\n");
        assertThat(run(0, "ls", "-a", "--format", "json").out())
                .isEqualTo("[{\"Name\":\"p\",\"Status\":\"exited(1), running(3)\",\"ConfigFiles\":\""
                        + project.resolve("compose.yaml") + "\"}]\n");
        assertThat(run(0, "ls", "-q").out()).isEqualTo("p\n");
        assertThat(run(0, "version", "--short").out()).matches("\\d+\\.\\d+\\.\\d+.*\n");

        says("""
                 Container p-db-1  Paused
                 Container p-web-1  Paused
                 Container p-web-2  Paused
                """, run(0, "pause"));
        assertThat(run(1, "pause", "db").err()).isEqualTo("""
                 Container p-db-1  Error while Pausing
                lockstep: Container p-db-1 is already paused.
                """);
        assertThat(run(0, "ps", "db").out()).contains(" (Paused)");
        assertThat(run(1, "exec", "-T", "db", "true").err()).contains("is paused");
        assertThat(run(0, "top", "db").out()).contains("sleep 100000");
        says("""
                 Container p-db-1  Unpaused
                 Container p-web-1  Unpaused
                 Container p-web-2  Unpaused
                """, run(0, "unpause"));
        assertThat(run(1, "unpause", "db").err()).contains("is not paused");
        // One that stands still is stopped all the same, and as it wants to be.
        run(0, "pause", "web");
        says("""
                 Container p-web-1  Stopping
                 Container p-web-1  Stopped
                 Container p-web-2  Stopping
                 Container p-web-2  Stopped
                """, run(0, "stop", "web"));
        assertThat(run(0, "ps", "-a", "web").out()).contains("Exited (3)").doesNotContain("137");

        assertThat(run(0, "ps", "-a", "--filter", "status=exited", "--services").out())
                .isEqualTo("done\nweb\n");
        run(0, "start", "web");
        says("""
                 Container p-web-1  Killing
                 Container p-web-1  Killed
                 Container p-web-2  Killing
                 Container p-web-2  Killed
                """, run(0, "kill", "-s", "USR2", "web"));
        assertThat(run(1, "kill", "-s", "NOSUCH", "db").err()).isEqualTo("""
                 Container p-db-1  Killing
                 Container p-db-1  Error while Killing
                lockstep: "NOSUCH" is not a signal.
                """);
        assertThat(run(0, "rm", "-f", "web").err()).isEqualTo("No stopped containers\n");
        run(0, "kill", "web");
        assertThat(run(0, "rm", "web").all())
                .contains("Going to remove p-web-1, p-web-2")
                .doesNotContain("Removed");
        says("""
                 Container p-web-1  Removing
                 Container p-web-1  Removed
                 Container p-web-2  Removing
                 Container p-web-2  Removed
                """, new Host.Said(0, "", run(0, "rm", "-fs", "web").err()));
        assertThat(states()).isEqualTo("p-db-1 running, p-done-1 exited");
        run(0, "stop");
        assertThat(states()).isEqualTo("p-db-1 exited, p-done-1 exited");
        assertThat(run(0, "events", "--since", "1h", "--until", "0s", "db")
                        .out()
                        .lines())
                .map(line -> line.replaceAll(".{26} container (.*) [0-9a-f]{64} \\(.*\\)", "$1"))
                .containsExactly("create", "start", "top", "pause", "top", "unpause", "kill", "die", "stop");
    }

    /** As docker compose 2.26.1 does it, with a file and without. */
    @Test
    void down_of_services_takes_their_containers_and_what_nothing_else_has() throws Exception {
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  web: {image: "web:1", command: sleep 100000, stop_grace_period: 0s, depends_on: [db], networks: [front, back]}
                  db:
                    {image: "web:1", command: sleep 100000, stop_grace_period: 0s, volumes: ["data:/data"], networks: [back]}
                networks: {front: , back: }
                volumes: {data: }
                """);
        run(0, "up", "-d");
        var before = host.pids();
        assertThat(run(1, "down", "wbe").err()).isEqualTo("lockstep: no such service: wbe. Did you mean \"web\"?\n");
        assertThat(run(0, "-p", "p", "down", "wbe").err()).contains("No resource found to remove");
        assertThat(host.pids()).isEqualTo(before);

        var web = run(0, "down", "-v", "web");
        assertThat(web.err())
                .contains("network p_back stays, since it is in use by p-db-1")
                .doesNotContain("p_data");
        assertThat(states()).isEqualTo("p-db-1 running");
        assertThat(host.pids().get("p-db-1")).isEqualTo(before.get("p-db-1"));
        assertThat(run(0, "network", "ls", "--format", "{{.Name}}").out())
                .contains("p_back")
                .doesNotContain("p_front");
        assertThat(run(0, "volume", "ls", "-q").out()).isEqualTo("p_data\n");
        assertThat(run(0, "down", "web").err()).contains("No resource found to remove");

        // The file says that what depends on it stays; without one it goes first.
        run(0, "up", "-d");
        run(0, "down", "db");
        assertThat(states()).isEqualTo("p-web-1 running");
        run(0, "up", "-d");
        run(0, "-p", "p", "down", "-v", "db");
        assertThat(states()).isEmpty();
        assertThat(run(0, "volume", "ls", "-q").out()).isEmpty();
        assertThat(run(0, "network", "ls", "--format", "{{.Name}}").out()).doesNotContain("p_");

        // What was kept for a way back goes with the stack, though its services have gone one by one.
        assertThat(run(0, "image", "rm", "web:1").all()).contains("stack.p.wanted needs it");
        assertThat(run(0, "down").err()).contains("No resource found to remove");
        assertThat(run(0, "image", "prune", "-a", "-f").all()).contains("sha256:");
    }

    /** The lines of ends, and that there are none for what ended before, are those of docker compose 2.26.1. */
    @Test
    void logs_that_follow_go_on_over_a_restart_and_tell_ends() throws Exception {
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  a: {image: "web:1", command: ["sh", "-c", "echo one; exec sleep 100000"], network_mode: none}
                  b: {image: "web:1", command: ["sh", "-c", "echo two; exec sleep 100001"], network_mode: none}
                  early: {image: "web:1", command: ["sh", "-c", "echo zero; exit 4"], network_mode: none}
                """);
        run(0, "up", "-d");
        await().untilAsserted(() -> assertThat(states()).contains("p-early-1 exited"));
        var file = directory.resolve("followed");
        var command = host.command("logs", "-f", "--no-color");
        var logs = new ProcessBuilder(command)
                .directory(project.toFile())
                .redirectOutput(file.toFile())
                .redirectError(directory.resolve("followed.err").toFile())
                .start();
        try {
            await().untilAsserted(() ->
                    assertThat(file).content().contains("a-1      | one\n", "b-1      | two\n", "early-1  | zero\n"));
            run(0, "restart", "-t", "0", "a");
            await().untilAsserted(() -> assertThat(file)
                    .content()
                    .containsSubsequence("a-1      | one\n", "a-1 exited with code 137\n", "a-1      | one\n"));
            run(0, "kill", "b");
            await().untilAsserted(() -> assertThat(file).content().endsWith("b-1 exited with code 137\n"));
            assertThat(logs.isAlive()).as("a runs").isTrue();
            assertThat(run(1, "down", "--rmi", "some").err()).contains("--rmi takes local or all");
            // Another container has the image: that is said, and no failure.
            var other = run(0, "container", "create", "--network", "none", "web:1")
                    .out()
                    .strip();
            assertThat(run(0, "down", "-t", "0", "--rmi", "all").err())
                    .contains(" Image web:1  Resource is still in use");
            run(0, "container", "rm", other);
            assertThat(logs.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            logs.destroy();
        }
        assertThat(logs.exitValue()).isZero();
        assertThat(file).content().endsWith("a-1 exited with code 137\n").doesNotContain("early-1 exited");
        assertThat(directory.resolve("followed.err")).isEmptyFile();
        run(0, "create", "early");
        assertThat(run(0, "down", "--rmi", "all").err()).contains(" Image web:1  Removed");
        assertThat(run(0, "image", "ls", "-q").out()).isEmpty();
    }

    /** As docker: SIGPIPE ends it, and what is closed is /dev/null to it. What a full disk swallows is told. */
    @Test
    void an_answer_that_nobody_reads_ends_a_command_without_a_word() throws Exception {
        run(0, "create", "db");
        var unread = "exec 3> >(true); wait $!; %s >&3; echo $?";
        assertThat(ends(unread, "ps", "-a")).isEqualTo("141\n");
        assertThat(ends(unread, "events", "--since", "1h")).isEqualTo("141\n");
        assertThat(ends("%s >&-; echo $?", "ps", "-a")).isEqualTo("0\n");
        assertThat(ends("%s <&- >&- 2>&-; echo $?", "create", "db")).isEqualTo("0\n");
        assertThat(ends("%s >/dev/full; echo $?", "config"))
                .isEqualTo("1\nlockstep: not all of the output could be written.\n");

        Files.writeString(project.resolve("compose.yaml"), """
                services: {talk: {image: "web:1", command: ["sh", "-c", "yes | head -100000"], network_mode: none}}
                """);
        run(0, "up", "-d");
        await().untilAsserted(() -> assertThat(states()).contains("p-talk-1 exited"));
        assertThat(ends(unread, "logs")).isEqualTo("141\n");
    }

    private String ends(String script, String... words) throws Exception {
        var command = String.join(" ", host.command(words));
        return host.run(project, List.of("bash", "-c", script.formatted(command)))
                .all();
    }

    @Test
    void up_brings_what_the_files_say_and_touches_nothing_else() throws Exception {
        run(0, "up", "-d");
        var before = host.pids();
        says("""
                 Container p-db-1  Running
                 Container p-web-1  Running
                 Container p-web-2  Running
                 Container p-done-1  Starting
                 Container p-done-1  Started
                """, run(0, "up", "-d"));
        assertThat(host.pids()).isEqualTo(before);

        says("""
                 Container p-db-1  Running
                 Container p-web-1  Running
                 Container p-web-2  Running
                 Container p-web-3  Creating
                 Container p-web-3  Started
                """, run(0, "scale", "web=3"));
        says("""
                 Container p-db-1  Running
                 Container p-web-1  Running
                 Container p-web-2  Removing
                 Container p-web-2  Removed
                 Container p-web-3  Removing
                 Container p-web-3  Removed
                """, run(0, "scale", "web=1"));
        assertThat(run(1, "scale", "web=x").err()).contains("invalid scale specifier: web=x");
        assertThat(run(1, "scale", "web").err()).contains("invalid scale specifier: web");
        assertThat(run(1, "scale", "wbe=2").err()).contains("no such service: wbe");
        assertThat(run(1, "up", "-d", "wbe").err()).contains("no such service: wbe");

        // Only what is named is replaced, and only where that is allowed.
        var file = project.resolve("compose.yaml");
        Files.writeString(file, Files.readString(file).replace("sleep 100000", "sleep 200000"));
        run(0, "up", "-d", "--no-recreate");
        assertThat(host.pids().get("p-db-1")).isEqualTo(before.get("p-db-1"));
        run(0, "up", "-d", "--no-deps", "web");
        assertThat(host.pids().get("p-db-1")).isEqualTo(before.get("p-db-1"));
        run(0, "up", "-d", "--force-recreate", "--no-deps", "--scale", "web=1", "web");
        assertThat(host.pids().get("p-web-1")).isNotEqualTo(before.get("p-web-1"));
        assertThat(host.pids().get("p-db-1")).isEqualTo(before.get("p-db-1"));
        run(0, "up", "-d", "db");
        assertThat(host.pids().get("p-db-1")).isNotEqualTo(before.get("p-db-1"));
        assertThat(run(1, "up", "-d", "--force-recreate", "--no-recreate").err())
                .contains("cannot be used together");

        assertThat(run(18, "pull", "db").err()).contains(" db Pulling\n db Error\n");
        assertThat(run(0, "pull", "--policy", "missing", "db").err())
                .isEqualTo(" db Skipped - Image is already present locally\n");
        assertThat(run(0, "up", "-d", "--wait", "db").err()).isEqualTo(" Container p-db-1  Running\n");

        var waiting = host.start(project, "wait", "web");
        await().atMost(Duration.ofSeconds(60)).until(() -> hasPidfd(waiting));
        run(0, "stop", "web");
        assertThat(waiting.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(waiting.exitValue()).isEqualTo(3);
    }

    @Test
    void rm_lets_others_change_the_stack_while_it_asks_and_removes_only_what_it_named() throws Exception {
        run(0, "create");
        var asked = directory.resolve("asked");
        var rm = new ProcessBuilder(host.command("rm"))
                .directory(project.toFile())
                .redirectErrorStream(true)
                .redirectOutput(asked.toFile())
                .start();
        try (var answer = rm.outputWriter()) {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> Files.readString(asked).contains("Are you sure?"));
            assertThat(Files.readString(asked)).contains("Going to remove p-db-1, p-done-1, p-web-1, p-web-2\n");
            assertThat(run(0, "start", "db").err()).doesNotContain("Waiting for");
            run(0, "create", "--force-recreate", "done");
            answer.write("y\n");
        }
        assertThat(rm.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(rm.exitValue()).as(Files.readString(asked)).isZero();
        // One runs by now, and one is another one.
        assertThat(states()).isEqualTo("p-db-1 running, p-done-1 created");
    }

    @Test
    void what_a_service_or_a_program_of_a_person_writes_is_shown_only_where_compose_shows_it() throws Exception {
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  a: {image: "web:1", command: echo from-a, network_mode: none, scale: 2}
                  b: {image: "web:1", command: echo from-b, network_mode: none, attach: false}
                """);
        assertThat(run(0, "up").out()).contains("a-1  | from-a\n").doesNotContain("from-b");
        assertThat(run(0, "up", "b").out()).doesNotContain("from-b");
        assertThat(run(0, "up", "--attach", "b").out()).contains("from-b").doesNotContain("from-a");
        assertThat(run(1, "up", "--attach", "c").err())
                .isEqualTo("lockstep: cannot attach to services not included in up: c\n");

        assertThat(run(0, "run", "-T", "a", "echo", "once").out()).contains("once");
        assertThat(run(0, "logs").out()).contains("from-a", "from-b").doesNotContain("once");
        assertThat(run(1, "logs", "c").err()).contains("no service c on this host; it has a, b");

        assertThat(run(1, "cp", "-", "a:/tmp").err())
                .isEqualTo("lockstep: standard input can be read once, and service \"a\" has 2 containers;"
                        + " name one with --index\n");
    }

    @Test
    void up_without_d_shows_what_is_written_and_ends_with_what_it_shows() throws Exception {
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  a: {image: "web:1", command: ["sh", "-c", "echo one; sleep 1; exit 4"], network_mode: none}
                  b:
                    image: "web:1"
                    command: ["sh", "-c", "echo two; exec sleep 100000"]
                    network_mode: none
                    stop_grace_period: 0s
                """);
        var said = run(4, "up", "--exit-code-from", "a");
        assertThat(said.out()).contains("a-1  | one\n", "a-1 exited with code 4\n");
        assertThat(said.err()).contains("Aborting on container exit...", "p-b-1  Stopped");
        assertThat(states()).isEqualTo("p-a-1 exited, p-b-1 exited");

        // Before it shows what is written, Ctrl-C breaks off, and stops nothing.
        var shown = directory.resolve("shown");
        var command = new ArrayList<>(List.of("env", "--default-signal=INT"));
        command.addAll(host.command("up", "b"));
        var up = new ProcessBuilder(command)
                .directory(project.toFile())
                .redirectErrorStream(true)
                .redirectOutput(shown.toFile())
                .start();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> Files.readString(shown).contains("two"));
        new ProcessBuilder("kill", "-INT", String.valueOf(up.pid())).start().waitFor();
        assertThat(up.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(up.exitValue()).isEqualTo(130);
        assertThat(host.pids()).isEmpty();
    }

    /** As with docker compose 2.26.1, what is not named runs on and is not waited for. */
    @Test
    void up_of_a_service_waits_for_it_and_not_for_what_it_depends_on() throws Exception {
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  tests:
                    image: web:1
                    command: ["sh", "-c", "echo testing; sleep 1; exit 3"]
                    network_mode: none
                    depends_on:
                      db: {condition: service_started}
                      migrate: {condition: service_completed_successfully}
                  db: {image: "web:1", command: ["sh", "-c", "echo up; exec sleep 100000"], network_mode: none}
                  migrate: {image: "web:1", command: "true", network_mode: none}
                """);

        var aborted = run(3, "up", "--exit-code-from", "tests", "tests");
        assertThat(aborted.out())
                .contains("tests-1  | testing\n", "tests-1 exited with code 3\n")
                .doesNotContain("migrate-1 exited");
        assertThat(states()).isEqualTo("p-db-1 running, p-migrate-1 exited, p-tests-1 exited");

        var ended = run(0, "up", "--force-recreate", "--attach-dependencies", "tests");
        assertThat(ended.out()).contains("tests-1    | testing\n", "tests-1 exited with code 3\n");
        assertThat(states()).isEqualTo("p-db-1 running, p-migrate-1 exited, p-tests-1 exited");
    }

    /** As with docker compose, also where it knows the stack by its name alone. */
    @Test
    void start_of_a_service_starts_what_it_depends_on() throws Exception {
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  web:
                    image: web:1
                    command: sleep 100000
                    network_mode: none
                    depends_on: {db: {condition: service_healthy}}
                  db:
                    image: web:1
                    command: sleep 100000
                    network_mode: none
                    healthcheck: {test: "true", interval: 1s}
                    depends_on: [disk]
                  disk: {image: "web:1", command: sleep 100000, network_mode: none}
                  other: {image: "web:1", command: sleep 100000, network_mode: none}
                """);
        run(0, "create");

        var started = run(0, "start", "web").err();

        assertThat(started)
                .containsSubsequence("Container p-disk-1  Started", "p-db-1  Starting", "Container p-web-1  Started");
        assertThat(states()).isEqualTo("p-db-1 running, p-disk-1 running, p-other-1 created, p-web-1 running");
        run(0, "stop", "-t", "0");
        Files.delete(project.resolve("compose.yaml"));
        run(0, "-p", "p", "start", "db");
        assertThat(run(0, "-p", "p", "ps", "--services").out()).isEqualTo("db\ndisk\n");
    }

    @Test
    void a_service_that_has_no_container_yet_has_written_nothing() throws Exception {
        run(0, "up", "-d", "web");

        await().untilAsserted(() ->
                assertThat(run(0, "logs", "done", "web").out()).contains("web-1  | hello\n", "web-2  | hello\n"));
        assertThat(run(0, "logs", "done").all()).isEmpty();
        assertThat(run(1, "logs", "don", "web").err())
                .contains("has no service don on this host; it has db, done, web");
        assertThat(run(1, "logs", "--index", "3", "web").err()).contains("service web has no container #3");
    }

    @Test
    void a_stack_that_is_named_by_p_alone_is_not_measured_by_the_files_of_another() throws Exception {
        run(0, "up", "-d", "db");
        var other = Files.createDirectories(directory.resolve("other"));
        Files.writeString(other.resolve("compose.yaml"), "services: {elsewhere: {image: x}}\n");

        assertThat(host.lockstepIn(other, "-f", "compose.yaml", "-p", "p", "kill")
                        .err())
                .isEqualTo("no container to kill\n");
        assertThat(host.lockstepIn(other, "-p", "p", "kill").err()).contains("Container p-db-1  Killed");
        says("""
                 Container p-db-1  Starting
                 Container p-db-1  Started
                """, host.lockstepIn(other, "-p", "p", "start"));
        assertThat(host.lockstepIn(other, "-p", "p", "ps", "--orphans=false", "--services")
                        .out())
                .isEqualTo("db\n");
    }
}
