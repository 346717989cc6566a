package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The record of one container is damaged; every command says so and goes on with the others. */
class DamagedIT {
    private static final String COMPOSE = """
            services:
              a: &sleeper
                image: web:1
                command: [sleep, "1000000"]
                network_mode: none
                stop_grace_period: 0s
              b: *sleeper
            """;

    @TempDir
    Path directory;

    private static Path record(Host host, Path project, String service) throws IOException {
        var id = host.lockstepIn(project, "ps", "-aq", service).out().strip();
        return host.root().resolve("containers").resolve(id).resolve("container.json");
    }

    @Test
    void commands_say_it_and_apply_makes_it_anew() throws IOException {
        try (var host = new Host(directory)) {
            var project = Files.createDirectories(directory.resolve("p"));
            Files.writeString(project.resolve("compose.yaml"), COMPOSE);
            assertThat(host.lockstepIn(project, "apply", "-y").code()).isZero();
            var pids = host.pids();

            // One that runs is read from its copy.
            Files.writeString(record(host, project, "a"), "{\"format\":1,");
            assertThat(host.lockstepIn(project, "ps").err()).isEmpty();
            var repaired = host.lockstepIn(project, "apply", "-y");
            assertThat(repaired.err()).contains("repaired the record of container p-a-1");
            assertThat(host.pids()).isEqualTo(pids);

            // One that does not is left out.
            assertThat(host.lockstepIn(project, "stop", "a").code()).isZero();
            Files.writeString(record(host, project, "a"), "");
            var ps = host.lockstepIn(project, "ps", "-a", "--format", "json");
            assertThat(ps.code()).as(ps.all()).isZero();
            assertThat(ps.out()).contains("p-b-1").doesNotContain("p-a-1");
            assertThat(ps.err()).contains("Warning: container p-a-1").contains("is left out");
            var plan = host.lockstepIn(project, "plan");
            assertThat(plan.code()).as(plan.all()).isZero();
            assertThat(plan.err()).contains("container p-a-1").contains("is left out");
            assertThat(plan.out()).contains("+ container p-a-1").doesNotContain("container p-b-1");
            var applied = host.lockstepIn(project, "apply", "-y");
            assertThat(applied.code()).as(applied.all()).isZero();
            assertThat(host.pids()).containsOnlyKeys("p-a-1", "p-b-1").containsEntry("p-b-1", pids.get("p-b-1"));
            assertThat(host.root().resolve("quarantine")).isNotEmptyDirectory();
            assertThat(host.lockstepIn(project, "ps").err()).isEmpty();
        }
    }

    @Test
    void an_agent_goes_on_and_makes_it_anew() throws Exception {
        try (var host = new Host(directory);
                var repository = new Repository(directory.resolve("p"))) {
            repository.commit("Two", Map.of("compose.yaml", COMPOSE));
            var first = host.agent(repository.directory());
            await().atMost(Duration.ofSeconds(60)).until(() -> host.pids().size() == 2);
            host.end(first, true);
            var pids = host.pids();
            var project = repository.directory();
            assertThat(host.lockstepIn(project, "stop", "a").code()).isZero();
            Files.write(record(host, project, "a"), new byte[] {0, 1, 2});

            host.agent(repository.directory());
            await().atMost(Duration.ofSeconds(60)).until(() -> host.pids().size() == 2);
            assertThat(host.pids()).containsEntry("p-b-1", pids.get("p-b-1"));
            assertThat(host.agentLog()).contains("set aside container p-a-1");
        }
    }

    /** As on a full disk, where a stop that is to make room is no failure. */
    @Test
    void what_cannot_be_written_into_the_history_is_said_and_done() throws IOException {
        try (var host = new Host(directory)) {
            var project = Files.createDirectories(directory.resolve("p"));
            Files.writeString(project.resolve("compose.yaml"), COMPOSE);
            assertThat(host.lockstepIn(project, "apply", "-y").code()).isZero();
            var history = host.root().resolve("stacks/p/history.jsonl");
            var kept = Files.move(history, directory.resolve("kept"));
            Files.createDirectory(history);
            var stopped = host.lockstepIn(project, "stop", "a");
            Files.delete(history);
            Files.move(kept, history);
            assertThat(stopped.code()).as(stopped.all()).isZero();
            assertThat(stopped.err()).contains("Warning: this is missing in the history of stack p: ");
            assertThat(host.pids()).containsOnlyKeys("p-b-1");
        }
    }
}
