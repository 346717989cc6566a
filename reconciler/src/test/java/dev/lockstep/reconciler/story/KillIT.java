package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The program is killed at any moment, of an apply or while an agent follows commits, again and again; the next one
 * converges, and nothing is left over. {@code lockstep.count} is the number of rounds × 10, of the agent × 20;
 * {@code lockstep.seed.fixed} and {@code lockstep.seed} decide when.
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
        var rounds = Math.max(1, Integer.getInteger("lockstep.count", 30) / 20);
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

    /** Services that no revision changes. */
    private static final List<String> STEADY = List.of("s0", "s1", "s2", "s3", "s4");

    /** Twelve services: steady ones, a volume's, ones that are replaced, rolled, started first, changed in place. */
    private static String twelve(int revision, boolean fails) {
        var text = new StringBuilder("services:\n");
        for (var number = 0; number < 12; number++) {
            var name = "s" + number;
            var level = STEADY.contains(name) ? 0 : revision;
            var broken = fails && number == 11 ? "exit 3; " : "";
            text.append("  " + name + ":\n    image: web:1\n")
                    .append("    command: [sh, -c, \"" + broken + "trap 'exit 0' TERM; sleep 1000000 & wait\"]\n")
                    .append(
                            number == 8
                                    ? "    mem_limit: " + (32 + revision % 7) + "m\n"
                                    : "    environment: {LEVEL: \"" + level + "\"}\n")
                    .append(number == 9 ? "    depends_on: [s0, s10]\n" : "");
            switch (number) {
                case 0, 5 -> text.append("    volumes: [\"data:/data\"]\n");
                case 6 -> text.append("    deploy: {replicas: 2}\n");
                case 7 -> text.append("    deploy: {update_config: {order: start-first}}\n");
                default -> text.append("    stop_grace_period: 2s\n");
            }
        }
        return text.append("volumes: {data: }\n").toString();
    }

    /** {@code lockstep.count} is five times the number of kills. */
    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed"})
    void a_change_of_twelve_services_killed_at_any_moment_is_completed_by_one_more_run(String property)
            throws Exception {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var kills = Math.max(4, Integer.getInteger("lockstep.count", 100) / 5);
        System.out.println(
                "kill test of twelve services: seed " + Long.toUnsignedString(seed) + ", " + kills + " kills");
        var chance = new Random(seed);
        try (var host = new Host(directory)) {
            var project = Files.createDirectories(directory.resolve("kill"));
            var file = project.resolve("compose.yaml");
            Files.writeString(file, twelve(0, false));
            assertThat(host.lockstepIn(project, "apply", "-y").code()).isZero();
            assertThat(host.lockstepIn(project, "exec", "-T", "s0", "sh", "-c", "echo kept >/data/mine")
                            .code())
                    .isZero();
            var before = host.pids();
            var killed = 0;
            for (var round = 1; killed < kills; round++) {
                var fails = chance.nextInt(3) == 0;
                var waits = fails || chance.nextBoolean();
                Files.writeString(file, twelve(round, fails));
                var apply = waits ? host.start(project, "apply", "-y", "--wait") : host.start(project, "apply", "-y");
                if (!apply.waitFor(200 + chance.nextInt(fails ? 6000 : 3000), TimeUnit.MILLISECONDS)) {
                    apply.destroyForcibly();
                }
                apply.waitFor();
                killed++;
                if (round % 2 == 0 || killed == kills) {
                    Files.writeString(file, twelve(round, false));
                    isWhole(host, project, before, "seed " + Long.toUnsignedString(seed) + ", round " + round);
                }
            }
        }
    }

    private static void isWhole(Host host, Path project, Map<String, Integer> before, String when) throws IOException {
        var applied = host.lockstepIn(project, "apply", "-y");
        assertThat(applied.code()).as(when + ": " + applied.all()).isZero();
        var planned = host.lockstepIn(project, "plan", "--detailed-exitcode");
        assertThat(planned.code()).as(when + ": " + planned.all()).isZero();
        var pids = host.pids();
        assertThat(pids.keySet()).as(when).isEqualTo(before.keySet());
        for (var service : STEADY) {
            var name = "kill-" + service + "-1";
            assertThat(pids.get(name)).as(when + ": " + name).isEqualTo(before.get(name));
        }
        // Nothing of what stood by, or was half made, is left.
        assertThat(host.lockstepIn(project, "ps", "-a", "-q").out().lines())
                .as(when)
                .hasSize(before.size());
        assertThat(host.lockstep("system", "prune", "-f").code()).as(when).isZero();
        var ids = host.lockstepIn(project, "ps", "-a", "-q", "--no-trunc")
                .out()
                .lines()
                .toList();
        try (var containers = Files.walk(host.root().resolve("containers"), 2)) {
            assertThat(containers.filter(c -> c.toString().contains("/containers/")
                            && ids.stream().noneMatch(id -> c.toString().contains(id))
                            && c.toString().matches(".*/[0-9a-f]{64}(/.*)?")))
                    .as(when)
                    .isEmpty();
        }
        assertThat(host.lockstepIn(project, "exec", "-T", "s0", "cat", "/data/mine")
                        .out())
                .as(when)
                .isEqualToIgnoringNewLines("kept");
    }
}
