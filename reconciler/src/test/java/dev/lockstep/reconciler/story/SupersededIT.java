package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A commit comes while the one before it is not known to be well. */
class SupersededIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private static Map<String, String> files(int seconds, String check) {
        return Map.of("compose.yaml", """
                name: shop
                services:
                  web:
                    image: web:1
                    command: sleep %d
                    stop_grace_period: 0s
                    healthcheck: {test: ["CMD", "%s"], interval: 1s, start_period: 1h}
                """.formatted(seconds, check));
    }

    @Test
    void it_is_no_revision_that_was_well_and_who_asked_hears_of_the_newer_one() throws Exception {
        try (var host = new Host(directory);
                var shop = new Repository(directory.resolve("shop"))) {
            var first = shop.commit("First", files(100001, "true"));
            var agent = host.agent(shop.directory());
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(host.agentLog()).contains("is at " + first.substring(0, 7)));
            assertThat(host.lockstep("sync").code()).isZero();

            var sick = shop.commit("Sick", files(100002, "false"));
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(host.agentLog()).contains("is at " + sick.substring(0, 7)));
            var sync = host.start(directory, "sync");
            // Its request is taken from the directory when it is answered.
            await().atMost(SOON)
                    .untilAsserted(() ->
                            assertThat(host.runRoot().resolve("requests")).isDirectoryContaining("glob:**.request"));
            assertThat(sync.isAlive()).isTrue();
            var fixed = shop.commit("Fixed", files(100003, "true"));

            assertThat(sync.waitFor(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
            assertThat(sync.exitValue()).as(host.agentLog()).isZero();
            // Asked for while it was tried, it was not begun anew.
            assertThat(host.agentLog()).containsOnlyOnce("is at " + sick.substring(0, 7));
            var history = host.lockstep("history", "shop").out();
            assertThat(history)
                    .containsPattern(sick.substring(0, 7) + " .*superseded")
                    .containsPattern(fixed.substring(0, 7) + " .*converged");
            var back = host.lockstep("rollback", "shop", "-y");
            assertThat(back.all()).contains(first.substring(0, 7)).doesNotContain(sick.substring(0, 7));
            host.end(agent, false);
        }
    }
}
