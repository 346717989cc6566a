package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a container prints of the host's secrets is in nothing that is told of its stack. */
class HiddenValuesIT {
    private static final String VARIABLE = "canary-of-the-environment";
    private static final String SECRET = "canary-of-the-secret";

    @TempDir
    Path directory;

    private FollowedStack shop;
    private StackBuilds builds;
    private Reconciliation agent;

    @BeforeEach
    void open() throws IOException {
        shop = new FollowedStack(directory);
        var image = new StackBuilds.BuildState.Built(shop.image("app"), 1, false);
        builds = _ -> Map.of(ImageReference.parse("app:1"), image);
        agent = shop.reconciliation(WantedBuilds.NONE);
        shop.variables("PW=" + VARIABLE + "\n");
        var secrets = Files.createDirectories(shop.directory().resolve("stacks/shop/secrets"));
        var file = secrets.resolve("token");
        Files.writeString(file, SECRET + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    @AfterEach
    void close() throws IOException {
        shop.close();
    }

    @Test
    void of_a_failing_health_check() throws Exception {
        assertThat(FollowedStack.run(agent, commit("Good", "healthcheck: {test: [CMD, 'true'], interval: 100ms}")))
                .isEqualTo(Outcome.CONVERGED);

        var bad = commit("Bad", """
                working_dir: /tmp
                    healthcheck:
                      test: ["CMD-SHELL", "echo cannot reach http://shop:$$PW@db/ with $$(cat /run/secrets/token); exit 1"]
                      interval: 100ms
                      retries: 1
                """);
        assertThat(FollowedStack.run(agent, bad)).isEqualTo(Outcome.ROLLED_BACK);
        assertThat(FollowedStack.run(agent, bad)).isEqualTo(Outcome.ROLLED_BACK);

        assertThat(shop.problems().getFirst()).contains("is unhealthy: cannot reach http://");
        assertThat(new RevisionFiles(shop.engine().root(), "shop")
                        .failed()
                        .orElseThrow()
                        .why())
                .contains("is unhealthy: cannot reach http://")
                .doesNotContain(VARIABLE, SECRET);
        assertNothingIsTold();
    }

    @Test
    void of_a_condition_that_is_waited_for() throws Exception {
        var bad = shop.commit("Bad", """
                services:
                  db:
                    image: app:1
                    command: [sh, -c, "exec sleep 100000"]
                    network_mode: none
                    stop_grace_period: 0s
                    environment: {PW: "${PW}"}
                    healthcheck: {test: ["CMD-SHELL", "echo $$PW; exit 1"], interval: 100ms, retries: 1}
                  app:
                    image: app:1
                    network_mode: none
                    depends_on: {db: {condition: service_healthy}}
                """, builds);
        assertThat(FollowedStack.run(agent, bad)).isEqualTo(Outcome.FAILED);

        assertThat(shop.problems().getFirst()).contains("is unhealthy: ***");
        assertNothingIsTold();
    }

    @Test
    void of_a_mistake_that_quotes_it() throws Exception {
        assertThat(FollowedStack.run(agent, commit("Bad", "mem_limit: \"${PW}\"")))
                .isEqualTo(Outcome.REFUSED);

        assertThat(shop.problems().getFirst()).contains("mem_limit");
        assertNothingIsTold();
    }

    private void assertNothingIsTold() throws IOException {
        assertThat(shop.said().toString()).doesNotContain(VARIABLE, SECRET);
        var report = new StatusReport("test", "root", shop.status().repository().orElseThrow())
                .document(List.of(shop.status()));
        assertThat(new String(report, StandardCharsets.UTF_8)).doesNotContain(VARIABLE, SECRET);
        var state = shop.engine().root().state();
        try (var files = Files.walk(state)) {
            var told = files.filter(Files::isRegularFile)
                    // What runs, or was left, is written down as it was made, for root alone.
                    .filter(file -> !List.of("good.json", "failed.json")
                            .contains(file.getFileName().toString()))
                    .filter(file -> !state.relativize(file).startsWith("containers"))
                    .filter(file -> contains(file, VARIABLE) || contains(file, SECRET))
                    .toList();
            assertThat(told).isEmpty();
        }
    }

    private static boolean contains(Path file, String text) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text);
        } catch (IOException e) {
            return false;
        }
    }

    private CommitSource commit(String subject, String more) throws IOException {
        return shop.commit(subject, """
                services:
                  app:
                    image: app:1
                    command: [sh, -c, "exec sleep 100000"]
                    network_mode: none
                    stop_grace_period: 0s
                    environment: {PW: "${PW}"}
                    secrets: [token]
                    %s
                secrets: {token: {external: true}}
                """.formatted(more), builds);
    }
}
