package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A person who looks at {@code up}, on a terminal and elsewhere. */
class UpTerminalIT {
    private static final Duration SOON = Duration.ofSeconds(60);

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
                  deaf:
                    image: web:1
                    command: ["sh", "-c", "trap : TERM; echo ready; while :; do sleep 1; done"]
                    network_mode: none
                    stop_grace_period: 1h
                  again:
                    {image: "web:1", command: ["sh", "-c", "exit 1"], restart: "on-failure:1", network_mode: none}
                  bad: {image: "web:1", command: ["sh", "-c", "sleep 1; exit 5"], network_mode: none}
                  good: {image: "web:1", command: "true", network_mode: none}
                """);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.lockstep("-p", "p", "kill");
        host.close();
    }

    @Test
    void the_first_ctrl_c_asks_and_the_second_kills() throws Exception {
        var output = directory.resolve("typescript");
        // A shell starts what is to run in the background with SIGINT ignored, and Java then hears none.
        var up = String.join(" ", host.command("up", "deaf"));
        var script = new ProcessBuilder("env", "--default-signal=INT", "script", "-qec", up, "/dev/null")
                .directory(project.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try (var keys = script.getOutputStream()) {
            await().atMost(SOON).untilAsserted(() -> assertThat(text(output)).contains("ready"));
            keys.write(3);
            keys.flush();
            await().atMost(SOON).untilAsserted(() -> assertThat(text(output)).contains("Container p-deaf-1  Stopping"));
            keys.write(3);
            keys.flush();
            assertThat(script.waitFor(60, TimeUnit.SECONDS)).as(text(output)).isTrue();
            assertThat(script.exitValue()).isEqualTo(130);
        } finally {
            script.destroyForcibly().waitFor();
        }
        assertThat(text(output)).contains("Gracefully stopping... (press Ctrl+C again to force)");
        assertThat(host.pids()).isEmpty();
    }

    @Test
    void a_container_that_its_policy_starts_again_has_not_ended() throws IOException {
        var said = host.lockstepIn(project, "up", "again");

        assertThat(said.code()).as(said.all()).isZero();
        assertThat(said.out().lines().filter(l -> l.contains("exited")))
                .containsExactly("again-1 exited with code 1 (restarting)", "again-1 exited with code 1");
    }

    @Test
    void only_a_failure_stops_the_others_when_that_is_asked_for() throws IOException {
        var said = host.lockstepIn(project, "up", "--abort-on-container-failure", "-t", "0", "good", "bad", "deaf");

        assertThat(said.code()).as(said.all()).isEqualTo(5);
        assertThat(said.out())
                .contains("good-1 exited with code 0", "bad-1 exited with code 5", "deaf-1 exited with code 137");
        var rehearsed = host.lockstepIn(project, "--dry-run", "up", "-d", "deaf");
        assertThat(rehearsed.err().lines())
                .containsExactly(
                        " DRY-RUN MODE -  Container p-deaf-1  Starting",
                        " DRY-RUN MODE -  Container p-deaf-1  Started");
        assertThat(host.pids()).isEmpty();
    }

    /** Puts a directory in a file's place: who may read everything cannot read that either. */
    private static void spoil(Path file) throws IOException {
        Files.delete(file);
        Files.createDirectory(file);
    }

    private Path log() throws IOException {
        try (var all = Files.newDirectoryStream(host.root().resolve("containers"))) {
            return all.iterator().next().resolve("log/ctr.log");
        }
    }

    @Test
    void logs_and_events_that_cannot_be_read_are_said_and_stop_nothing() throws Exception {
        assertThat(host.lockstepIn(project, "up", "-d", "deaf").code()).isZero();
        var before = host.pids();
        spoil(log());
        var said = directory.resolve("said");
        var up = new ProcessBuilder(host.command("up", "deaf"))
                .directory(project.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(text(said))
                            .contains("lockstep: what the containers write is not shown any more; they run on: "));
            spoil(host.root().resolve("events/log"));
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(text(said))
                            .contains("lockstep: events cannot be read, so ends are looked for: "));
            assertThat(up.isAlive()).isTrue();
            assertThat(host.pids()).isEqualTo(before);

            assertThat(host.lockstep("-p", "p", "kill").code()).isZero();
            assertThat(up.waitFor(60, TimeUnit.SECONDS)).as(text(said)).isTrue();
            assertThat(up.exitValue()).isZero();
            assertThat(text(said)).contains("deaf-1 exited with code 137").doesNotContain("Gracefully stopping");
        } finally {
            up.destroyForcibly().waitFor();
        }
    }

    private static String text(Path file) throws IOException {
        return Files.exists(file) ? Files.readString(file, StandardCharsets.UTF_8) : "";
    }
}
