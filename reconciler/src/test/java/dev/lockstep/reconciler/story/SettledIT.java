package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An agent that has found its host as it should be looks at it and plans nothing as long as all is as it was. Whatever
 * somebody changes is seen all the same at the next look: what runs, and what the host keeps beside Git.
 */
class SettledIT {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final String SETTLED = "host is as it was stack=shop";
    private static final String STACK = """
            services:
              web:
                image: web:1
                command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000000 & wait"]
                mem_limit: 64m
                volumes: ["./page:/page:ro"]
                secrets: [key]
                healthcheck: {test: "true", interval: 1s, start_period: 10s, start_interval: 200ms}
            secrets:
              key: {external: true}
            """;

    @TempDir
    private Path directory;

    private Host.Said withSecrets(Host host, String... words) throws IOException {
        return host.run(directory, words(host, words));
    }

    private List<String> words(Host host, String... words) {
        var all = new ArrayList<>(List.of("env", "LOCKSTEP_STACKS=" + directory.resolve("stacks")));
        all.addAll(host.command(words));
        return all;
    }

    private void secret(Host host, String value) throws IOException {
        var file = Files.writeString(directory.resolve("value"), value);
        var said = withSecrets(host, "-p", "shop", "secret", "set", "key", file.toString());
        assertThat(said.code()).as(said.all()).isZero();
    }

    private static int settled(Host host) throws IOException {
        return host.agentLog().split(SETTLED, -1).length - 1;
    }

    /** Until the agent has twice found the host as it was, from now on; the container that runs then. */
    private static int settles(Host host) throws IOException {
        var before = settled(host);
        await().atMost(SOON)
                .untilAsserted(
                        () -> assertThat(settled(host)).as(host.agentLog()).isGreaterThan(before + 1));
        return host.pids().getOrDefault("shop-web-1", 0);
    }

    private static void replaced(Host host, int before) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.pids().getOrDefault("shop-web-1", 0))
                        .as(host.agentLog())
                        .isNotIn(0, before));
    }

    @Test
    void what_somebody_changes_is_put_right_after_looks_that_planned_nothing() throws Exception {
        try (var host = new Host(directory);
                var repository = new Repository(directory.resolve("shop"))) {
            secret(host, "one");
            repository.commit("First", Map.of("compose.yaml", STACK, "page/index.html", "hello"));
            var agent = new ProcessBuilder(words(
                            host,
                            "--log-level",
                            "debug",
                            "agent",
                            "--repository",
                            repository.directory().toString(),
                            "--ref",
                            "main",
                            "--host",
                            "test",
                            "--interval",
                            "500ms",
                            "--drift-interval",
                            "1s"))
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("agent.log").toFile())
                    .redirectInput(Path.of("/dev/null").toFile())
                    .start();
            try {
                var first = settles(host);
                assertThat(host.agentLog().split("Plan:", -1)).hasSize(2);

                // What runs: a field, and then all of it.
                assertThat(host.lockstep("container", "update", "-m", "48m", "shop-web-1")
                                .code())
                        .isZero();
                await().atMost(SOON)
                        .untilAsserted(() -> assertThat(host.agentLog()).contains("mem_limit: 48 MiB → 64 MiB"));
                assertThat(settles(host)).isEqualTo(first);
                assertThat(host.lockstep("container", "rm", "-f", "shop-web-1").code())
                        .isZero();
                replaced(host, first);

                // What the host keeps: a secret, and what the name of the image means.
                var second = settles(host);
                secret(host, "two");
                replaced(host, second);
                var third = settles(host);
                host.importImage(TestImage.busybox(Host.WEB)
                        .layer(new TarBuilder()
                                .file("new", 0644, "new".getBytes(StandardCharsets.US_ASCII))
                                .build()));
                replaced(host, third);
                settles(host);

                // A person's word.
                assertThat(host.lockstep("suspend", "shop", "--reason", "upgrade")
                                .code())
                        .isZero();
                await().atMost(SOON)
                        .untilAsserted(
                                () -> assertThat(host.lockstep("status").out()).contains("upgrade"));
            } finally {
                agent.destroy();
                assertThat(agent.waitFor(60, TimeUnit.SECONDS)).isTrue();
            }
        }
    }
}
