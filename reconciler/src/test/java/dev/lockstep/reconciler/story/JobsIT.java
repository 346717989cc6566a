package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.history.JobRuns;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Services that run at times, when something is in their way. */
class JobsIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String TICK = """
            services:
              tick:
                image: web:1
                network_mode: none
                command: ["true"]
                x-lockstep: {schedule: "* * * ? * *"}
            """;

    @TempDir
    Path directory;

    private Host host;
    private Repository repository;
    private Root root;

    @BeforeEach
    void aHostAndARepository() throws IOException {
        host = new Host(directory);
        repository = new Repository(directory.resolve("infra"));
        root = Root.open(host.root(), host.runRoot());
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        repository.close();
        host.close();
    }

    private long runs(String stack) throws IOException {
        var history = host.root().resolve("stacks/" + stack + "/history.jsonl");
        return Files.exists(history)
                ? Files.readString(history)
                        .lines()
                        .filter(line -> line.contains("> job tick") && line.contains("exit code 0"))
                        .count()
                : 0;
    }

    private static long leftOut(Path history) throws IOException {
        return Files.readString(history)
                .lines()
                .filter(line -> line.contains("for the last run has not begun yet"))
                .count();
    }

    private void runsAgain(String stack) throws IOException {
        var before = runs(stack);
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(runs(stack)).as(host.agentLog()).isGreaterThan(before + 1));
    }

    @Test
    void a_job_that_cannot_begin_keeps_no_other_from_its_times() throws Exception {
        repository.commit(
                "First",
                Map.of("stacks/a/compose.yaml", TICK, "stacks/b/compose.yaml", TICK, "stacks/c/compose.yaml", TICK));
        var agent = host.agent(repository.directory(), "10m");
        runsAgain("a");
        runsAgain("b");
        runsAgain("c");

        try (var _ = StackLock.take(root, "a", SOON, _ -> {})) {
            runsAgain("c");
            // Nobody can say of this one when it ran last.
            Files.writeString(host.root().resolve("stacks/b/jobs.json"), "{");
            runsAgain("c");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(host.agentLog())
                            .contains("jobs of stack b: ", "jobs.json is damaged", "it was set aside"));
            runsAgain("b");
        }
        assertThat(host.root().resolve("stacks/b/jobs.json.damaged")).hasContent("{");
        runsAgain("a");
        host.end(agent, false);
        assertThat(Files.readString(host.root().resolve("stacks/a/history.jsonl")))
                .contains("for the last run has not begun yet")
                .doesNotContain("when no agent ran");
    }

    @Test
    void one_that_is_due_does_not_begin_where_the_repository_suspends_its_stack_meanwhile() throws Exception {
        repository.commit("First", Map.of("stacks/a/compose.yaml", TICK));
        var agent = host.agent(repository.directory());
        runsAgain("a");
        var history = host.root().resolve("stacks/a/history.jsonl");
        long before;

        try (var _ = StackLock.take(root, "a", SOON, _ -> {})) {
            // A busy machine may have left one out before, for a run that was only slow.
            var earlier = leftOut(history);
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(leftOut(history)).isGreaterThan(earlier));
            before = runs("a");
            repository.commit("Suspend", Map.of("lockstep.yaml", "stacks: {a: {suspend: until Friday}}\n"));
            await().atMost(SOON).untilAsserted(() -> assertThat(host.agentLog()).contains("until Friday"));
        }
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(history)
                        .content()
                        .contains("did not start: the stack is suspended or not followed any more"));
        host.end(agent, false);
        assertThat(runs("a")).isEqualTo(before);
    }

    @Test
    void a_clock_that_was_ahead_silences_no_job() throws Exception {
        new JobRuns(root).write("a", "tick", JobRuns.Job.since(Instant.now().plus(5 * 365, ChronoUnit.DAYS)));
        repository.commit("First", Map.of("stacks/a/compose.yaml", TICK));
        var agent = host.agent(repository.directory());

        runsAgain("a");
        host.end(agent, false);
        assertThat(host.agentLog()).containsOnlyOnce("by a clock that was ahead; its times count from now on");
    }
}
