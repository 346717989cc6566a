package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds of a running agent: asked for again, cut short by a kill, called off by its end. */
class AgentBuildsIT {
    private static BuildRecord failed(long number, Path repository, String commit) {
        return new BuildRecord(
                number,
                repository.toString(),
                "app",
                "shop",
                List.of(),
                new Occasion(Occasion.Kind.TAG, "refs/tags/v1." + number, commit),
                "",
                "0".repeat(64),
                BuildRecord.State.FAILED,
                Optional.empty(),
                false,
                "nobody knows",
                Instant.now(),
                Optional.empty(),
                Optional.of(Instant.now()),
                0);
    }

    private static BuildRecord.State state(BuildRecords records, long number) throws IOException {
        return records.read(number).orElseThrow().state();
    }

    private static boolean says(BuildRecords records, long number, String text) throws IOException {
        return Files.exists(records.log(number))
                && Files.readString(records.log(number)).contains(text);
    }

    /** As a queue leaves it that was killed before it began. */
    @Test
    void what_waits_of_the_second_part_of_a_repository_is_built_after_a_restart(@TempDir Path directory)
            throws Exception {
        try (var host = new Host(directory);
                var repository = new Repository(Files.createDirectory(directory.resolve("shop")))) {
            var entry = "builds: {app: {image: %s, tags: ['{version}'], when: {tags: ['v*']}}}\n";
            var commit = repository.commit(
                    "both",
                    Map.of(
                            "one/lockstep.yaml",
                            entry.formatted("first"),
                            "one/Dockerfile",
                            "FROM " + Host.WEB + "\n",
                            "two/lockstep.yaml",
                            entry.formatted("shop"),
                            "two/Dockerfile",
                            "FROM " + Host.WEB + "\nRUN echo the second\n"));
            Files.writeString(
                    directory.resolve("agent.yaml"),
                    "repositories: [{url: '%1$s', path: one}, {url: '%1$s', path: two}]\n"
                            .formatted(repository.directory()));

            var once = new String[] {
                "agent", "--once", "--config", directory.resolve("agent.yaml").toString()
            };
            host.lockstep(once);
            var records = new BuildRecords(Root.open(host.root(), host.runRoot()));
            records.write(failed(1, repository.directory(), commit)
                    .named(List.of("1.1"))
                    .again(false));

            host.lockstep(once);

            assertThat(records.read(1).orElseThrow().problem()).isEmpty();
            assertThat(Files.readString(records.log(1))).contains("the second");
            assertThat(host.lockstep("image", "ls").out()).containsPattern("shop +1\\.1 ");
        }
    }

    @Test
    void an_agent_builds_again_what_a_person_or_a_kill_asks_for(@TempDir Path directory) throws Exception {
        try (var host = new Host(directory);
                var repository = new Repository(Files.createDirectory(directory.resolve("shop")))) {
            var good = repository.commit(
                    "good",
                    Map.of(
                            "lockstep.yaml",
                            "builds: {app: {image: shop, tags: ['{version}'], when: {tags: ['v*']}}}\n",
                            "Dockerfile",
                            "FROM " + Host.WEB + "\nRUN echo made\n"));
            var endless = repository.commit(
                    "endless", Map.of("Dockerfile", "FROM " + Host.WEB + "\nRUN echo begun; sleep 1000000\n"));
            var records = new BuildRecords(Root.open(host.root(), host.runRoot()));
            records.write(failed(1, repository.directory(), good));
            records.write(failed(2, repository.directory(), endless));

            var agent = host.agent(repository.directory());
            await().until(() -> host.lockstep("builds", "retry", "1").code() == 0);
            var numbers = records.all().stream().map(BuildRecord::number).toList();
            assertThat(numbers).startsWith(3L);
            await().until(() -> !state(records, 3).isPending());
            assertThat(records.read(3).orElseThrow().problem()).isEmpty();
            assertThat(host.lockstep("image", "ls").out()).containsPattern("shop +1\\.1 ");

            assertThat(host.lockstep("builds", "retry", "2").out())
                    .isEqualTo("Build 4 of shop:1.2 is build 2 again; 'lockstep builds logs 4 -f' shows it.\n");
            await().until(() -> says(records, 4, " begun"));
            assertThat(host.lockstep("status").out()).contains("Build 4 of shop:1.2 is made, begun ");
            host.end(agent, true);
            assertThat(state(records, 4)).isEqualTo(BuildRecord.State.BUILDING);

            var next = host.agent(repository.directory());
            await().until(() -> records.read(4).orElseThrow().restarts() == 1
                    && state(records, 4) == BuildRecord.State.BUILDING
                    && says(records, 4, " begun"));
            assertThat(host.agentLog()).contains("build 4 of shop:1.2 was cut short by a kill and is made again");
            host.end(next, false);
            assertThat(state(records, 4)).isEqualTo(BuildRecord.State.QUEUED);
        }
    }
}
