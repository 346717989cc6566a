package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ObservedContainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What containers do by themselves when nobody looks after them: by conmon, the script, and the program as it is. */
class WithoutAgentIT {
    private static final Duration SOON = Duration.ofMinutes(2);

    @TempDir
    Path directory;

    private Host host;

    @BeforeEach
    void aHost() throws IOException {
        host = new Host(directory);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.lockstep("container", "rm", "-f", "one");
        host.lockstep("network", "prune", "-f");
        host.close();
    }

    private Host.Said run(String... words) throws IOException {
        var said = host.lockstep(words);
        assertThat(said.code()).as("%s: %s", Arrays.toString(words), said.all()).isZero();
        return said;
    }

    private Optional<ObservedContainer> container() throws IOException {
        var options = new EngineOptions(host.root(), host.runRoot(), "test", Optional.of(Host.PROGRAM), true);
        try (var engine = Engine.openForReading(options)) {
            return engine.containers().observe().stream()
                    .filter(c -> c.name().equals("one"))
                    .findFirst();
        }
    }

    @Test
    void one_that_fails_is_started_again_as_often_as_its_policy_says() throws IOException {
        run(
                "container",
                "run",
                "-d",
                "--name",
                "one",
                "--restart",
                "on-failure:2",
                Host.WEB,
                "sh",
                "-c",
                "echo begins; exit 3");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(container()).hasValueSatisfying(c -> {
                    assertThat(c.life().restartCount()).isEqualTo(2);
                    assertThat(c.state()).isInstanceOfSatisfying(ContainerState.Exited.class, exited -> {
                        assertThat(exited.finished()).isTrue();
                        assertThat(exited.outcome().exitCode()).isEqualTo(3);
                    });
                }));
        assertThat(run("container", "logs", "one").out()).isEqualTo("begins\nbegins\nbegins\n");
    }

    @Test
    void one_that_goes_with_its_end_goes() throws IOException {
        run("container", "run", "-d", "--rm", "--name", "one", Host.WEB, "sleep", "100000");
        run("container", "kill", "one");
        await().atMost(SOON).untilAsserted(() -> assertThat(container()).isEmpty());
        // Who removed it is in the cgroup of the supervisors, which goes with the next command after that.
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(Leftovers.processes(directory)).isEmpty());
    }

    /** conmon was told once and for all what to call. */
    @Test
    void one_whose_lockstep_was_moved_is_started_again_by_the_one_at_the_new_place() throws Exception {
        var old = directory.resolve("old");
        Files.createSymbolicLink(old, Host.PROGRAM.getParent().getParent());
        by(old, "container", "run", "-d", "--name", "one", "--restart", "always", Host.WEB, "sleep", "100000");
        var moved = Files.move(old, directory.resolve("new"));
        by(moved, "network", "prune", "-f");
        var pid = host.pids().get("one");
        assertThat(ProcessHandle.of(pid).orElseThrow().destroyForcibly()).isTrue();
        await().atMost(SOON)
                .untilAsserted(
                        () -> assertThat(host.pids().get("one")).isNotNull().isNotEqualTo(pid));
        assertThat(container().orElseThrow().life().restartCount()).isEqualTo(1);
    }

    /** An agent that is stopped for good in the pause before a restart leaves that to the script. */
    @Test
    void one_that_waited_for_its_agents_restart_is_started_again_when_the_agent_has_ended() throws Exception {
        var here = Files.createDirectory(directory.resolve("here"));
        Files.writeString(here.resolve("compose.yaml"), """
                name: here
                services:
                  app:
                    image: '%s'
                    command: sleep 100000
                    container_name: one
                    deploy: {restart_policy: {condition: any, delay: 20s}}
                """.formatted(Host.WEB));
        try (var repository = new Repository(directory.resolve("repo"))) {
            repository.commit("nothing", Map.of("compose.yaml", "name: none\nservices: {}\n"));
            var agent = host.agent(repository.directory());
            await().atMost(SOON).untilAsserted(() -> assertThat(host.agentLog()).contains("agent of host test runs"));
            var up = host.lockstepIn(here, "up", "-d");
            assertThat(up.code()).as(up.all()).isZero();
            var pid = host.pids().get("one");
            assertThat(ProcessHandle.of(pid).orElseThrow().destroyForcibly()).isTrue();
            await().atMost(SOON)
                    .untilAsserted(
                            () -> assertThat(host.agentLog()).contains("one ended with exit code 137; restart in"));
            host.end(agent, false);
            await().atMost(SOON).untilAsserted(() -> assertThat(host.pids()).containsKey("one"));
        }
    }

    private void by(Path distribution, String... words) throws IOException {
        var command = new ArrayList<>(host.command(words));
        command.set(0, distribution.resolve("bin/lockstep").toString());
        var said = host.run(directory, List.copyOf(command));
        assertThat(said.code()).as("%s: %s", Arrays.toString(words), said.all()).isZero();
    }
}
