package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Containers that failed so often that they are not started any more. */
class GivenUpIT {
    @TempDir
    Path directory;

    private FollowedStack shop;
    private StackBuilds builds;

    @BeforeEach
    void open() throws IOException {
        shop = new FollowedStack(directory);
        var image = new StackBuilds.BuildState.Built(shop.image("app"), 1, false);
        builds = _ -> Map.of(ImageReference.parse("app:1"), image);
    }

    @AfterEach
    void close() throws IOException {
        shop.close();
    }

    /** Nothing but a label differs, so that the container that failed stays. */
    private CommitSource fails(String subject) throws IOException {
        return shop.commit(subject, """
                services:
                  app:
                    image: app:1
                    command: [sh, -c, "exit 3"]
                    network_mode: none
                    labels: {subject: %s}
                """.formatted(subject), builds);
    }

    @Test
    void get_another_chance_by_a_commit_that_leaves_them_what_they_are() throws Exception {
        try (var supervisor = shop.supervisor();
                var worker = shop.worker(supervisor)) {
            supervisor.start();
            var first = fails("First");
            assertThat(worker.runOnce(first, "poll").outcome()).isEqualTo(Outcome.UNHEALTHY);
            var id = shop.container().id();
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> supervisor.givenUp().contains(id));
            var last = shop.container().life().startedAt();
            worker.runOnce(first, "poll");
            assertThat(shop.container().life().startedAt())
                    .as("the same again is none")
                    .isEqualTo(last);

            worker.runOnce(fails("Second"), "poll");

            assertThat(shop.container().id()).isEqualTo(id);
            assertThat(shop.container().life().startedAt()).isNotEqualTo(last);
        }
    }
}
