package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A commit whose files need more memory than the agent has costs their stack, and the commit that mends it is seen. */
class TooMuchMemoryIT {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final String SLEEPER = "services: {a: {image: \"web:1\", network_mode: none, stop_grace_period: 0s,"
            + " command: [sleep, \"%s\"]}}\n";

    @TempDir
    Path directory;

    private Host host;
    private Repository repository;
    private Path log;

    @BeforeEach
    void aHostAndARepository() throws IOException {
        host = new Host(directory);
        repository = new Repository(directory.resolve("infra"));
        log = directory.resolve("small.log");
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        repository.close();
        host.close();
    }

    private Process agent() throws IOException {
        var agent = new ProcessBuilder(host.command(
                        "agent",
                        "--repository",
                        repository.directory().toString(),
                        "--host",
                        "test",
                        "--interval",
                        "500ms"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .redirectInput(Path.of("/dev/null").toFile());
        agent.environment().put("LOCKSTEP_JAVA_OPTS", "-Xmx64m");
        return agent.start();
    }

    private static void end(Process agent) throws InterruptedException {
        agent.destroy();
        assertThat(agent.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }

    private void commit(String big, String second) throws IOException {
        var files = new LinkedHashMap<String, String>();
        files.put("stacks/big/compose.yaml", big);
        files.put("stacks/small/compose.yaml", SLEEPER.formatted(second));
        repository.commit("sleep " + second, files);
    }

    private void sleeps(String container, String seconds) {
        // Of one that is just being replaced nothing can be read any more.
        await().atMost(SOON).ignoreExceptionsInstanceOf(IOException.class).untilAsserted(() -> {
            var pid = host.pids().get(container);
            assertThat(pid).as(Files.readString(log)).isNotNull();
            assertThat(Files.readString(Path.of("/proc/" + pid + "/cmdline")).replace((char) 0, (char) 32))
                    .as(Files.readString(log))
                    .contains(seconds);
        });
    }

    @Test
    void its_stack_alone_stays_as_it_is_and_the_next_commit_is_followed_also_after_a_start() throws Exception {
        // Included files of 15 MiB, each character of which takes two bytes for the one that is not Latin.
        var filler = "# " + "x".repeat(1 << 20) + "\n";
        for (var name : List.of("b", "c", "d", "e")) {
            Files.createDirectories(repository.directory().resolve("stacks/big"));
            Files.writeString(
                    repository.directory().resolve("stacks/big/" + name + ".yaml"),
                    "services: {}\n# \u4e2d\n" + filler.repeat(15));
        }
        commit(SLEEPER.formatted("1000000"), "1000000");
        var agent = agent();
        try {
            sleeps("big-a-1", "1000000");
            sleeps("small-a-1", "1000000");

            commit("include: [b.yaml, c.yaml, d.yaml, e.yaml]\n", "1000001");
            sleeps("small-a-1", "1000001");
            await().atMost(SOON)
                    .untilAsserted(
                            () -> assertThat(Files.readString(log)).contains("stack big: there is not enough memory"));
            assertThat(host.lockstep("status").out()).contains("there is not enough memory");
        } finally {
            end(agent);
        }

        var next = agent();
        try {
            commit(SLEEPER.formatted("1000002"), "1000002");
            sleeps("big-a-1", "1000002");
            sleeps("small-a-1", "1000002");
            assertThat(Map.copyOf(host.pids())).hasSize(2);
        } finally {
            end(next);
        }
    }
}
