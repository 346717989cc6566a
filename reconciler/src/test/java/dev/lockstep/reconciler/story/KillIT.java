package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The program is killed at any moment, of an apply or while an agent follows commits, again and again; the next one
 * converges, and nothing is left over. {@code lockstep.count} is the number of rounds × 10; {@code lockstep.seed.fixed}
 * and {@code lockstep.seed} decide when.
 */
class KillIT {
    private static final int LONGEST_MILLIS = 1500;
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private static String compose(int revision) {
        var text = new StringBuilder("services:\n");
        for (var service : new String[] {"a", "b", "c"}) {
            // One of the three changes with each revision; so there is something to make, to replace and to leave.
            var level = service.equals("abc".substring(revision % 3, revision % 3 + 1)) ? revision : 0;
            text.append("  " + service + ":\n")
                    .append("    image: web:1\n")
                    .append("    command: [sh, -c, \"trap 'exit 0' TERM; sleep 1000000 & wait\"]\n")
                    .append("    environment: {LEVEL: \"" + level + "\"}\n")
                    .append("    volumes: [\"data:/data\"]\n");
        }
        return text.append("volumes: {data: }\n").toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void killed_at_any_moment_the_next_apply_converges(String property) throws Exception {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var rounds = Math.max(1, Integer.getInteger("lockstep.count", 30) / 10);
        System.out.println("kill test: seed " + Long.toUnsignedString(seed) + ", " + rounds + " rounds");
        var chance = new Random(seed);
        try (var host = new Host(directory)) {
            var project = Files.createDirectories(directory.resolve("kill"));
            for (var round = 0; round < rounds; round++) {
                Files.writeString(project.resolve("compose.yaml"), compose(round));
                var apply = host.start(project, "apply", "-y");
                if (!apply.waitFor(chance.nextInt(LONGEST_MILLIS), TimeUnit.MILLISECONDS)) {
                    apply.destroyForcibly();
                }
                apply.waitFor();
                if (round % 3 == 2 || round == rounds - 1) {
                    converges(host, project, "seed " + Long.toUnsignedString(seed) + ", round " + round);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void an_agent_that_is_killed_while_it_follows_commits_converges_at_its_next_start(String property)
            throws Exception {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var rounds = Math.max(1, Integer.getInteger("lockstep.count", 30) / 10);
        System.out.println("kill test of the agent: seed " + Long.toUnsignedString(seed) + ", " + rounds + " rounds");
        var chance = new Random(seed);
        try (var host = new Host(directory);
                var repository = new Repository(directory.resolve("kill"))) {
            for (var round = 0; round < rounds; round++) {
                var commit = repository.commit("Round " + round, Map.of("compose.yaml", compose(round)));
                var agent = host.agent(repository.directory());
                if (chance.nextBoolean()) {
                    // Kill it at work on the commit and not at its start.
                    await().atMost(SOON).until(() -> host.agentLog().contains("agent of host test runs"));
                }
                agent.waitFor(chance.nextInt(LONGEST_MILLIS), TimeUnit.MILLISECONDS);
                host.end(agent, true);
                if (round % 3 == 2 || round == rounds - 1) {
                    followed(host, repository, commit, "seed " + Long.toUnsignedString(seed) + ", round " + round);
                }
            }
        }
    }

    private static void followed(Host host, Repository repository, String commit, String when) throws Exception {
        var agent = host.agent(repository.directory());
        await().atMost(SOON)
                .untilAsserted(
                        () -> assertThat(host.lockstep("status", "-o", "json").out())
                                .as(() -> when + ": " + log(host))
                                // Not the word "converged", which may be that of the commit before.
                                .containsPattern("\"applied\" ?: ?\\{\\s*\"id\" ?: ?\"" + commit)
                                .containsPattern("\"inSync\" ?: ?true"));
        var pids = host.pids();
        assertThat(pids).as(when).containsOnlyKeys("kill-a-1", "kill-b-1", "kill-c-1");
        host.end(agent, true);

        var planned = host.lockstep(
                "agent",
                "--once",
                "--dry-run",
                "--repository",
                repository.directory().toString(),
                "--ref",
                "main",
                "--host",
                "test");
        assertThat(planned.code()).as(when + ": " + planned.all()).isZero();
        assertThat(planned.out()).as(when).contains("No changes.").doesNotContain("Plan:");
        assertThat(host.pids()).as(when).isEqualTo(pids);
        try (var files = Files.walk(host.root().resolve("git"))) {
            assertThat(files.filter(f -> f.toString().matches(".*(\\.lock|/incoming_.*|\\.fresh|\\.new)")))
                    .as(when)
                    .isEmpty();
        }
    }

    private static String log(Host host) {
        try {
            return host.agentLog();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static void converges(Host host, Path project, String when) throws IOException {
        var applied = host.lockstepIn(project, "apply", "-y");
        assertThat(applied.code()).as(when + ": " + applied.all()).isZero();
        var planned = host.lockstepIn(project, "plan", "--detailed-exitcode");
        assertThat(planned.code()).as(when + ": " + planned.all()).isZero();
        assertThat(host.pids()).as(when).containsOnlyKeys("kill-a-1", "kill-b-1", "kill-c-1");
    }
}
