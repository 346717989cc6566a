package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A job that hangs fails its revision when its time is over, and the stack goes back. */
class WaitLimitIT {
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
    }

    @AfterEach
    void close() throws IOException {
        shop.close();
    }

    @Test
    @Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void of_a_job_that_others_wait_for() throws Exception {
        assertThat(FollowedStack.run(agent, commit("Good", "true"))).isEqualTo(Outcome.CONVERGED);
        var done = migration();

        assertThat(FollowedStack.run(agent, commit("Hangs", "sleep 100001"))).isEqualTo(Outcome.ROLLED_BACK);

        assertThat(shop.problems().getFirst())
                .contains("dependency failed to start: container shop-migrate-1 is not done after 3 s");
        assertThat(shop.engine().containers().observe())
                .noneMatch(c -> c.isRunning() && c.name().equals("shop-migrate-1"));
        assertThat(migration().life().startedAt())
                .as("what it had done is not done again on the way back")
                .isEqualTo(done.life().startedAt());
    }

    private ObservedContainer migration() throws IOException {
        return shop.engine().containers().observe().stream()
                .filter(c -> c.name().equals("shop-migrate-1"))
                .findFirst()
                .orElseThrow();
    }

    private CommitSource commit(String subject, String program) throws IOException {
        return shop.commit(subject, """
                services:
                  migrate:
                    image: app:1
                    command: [sh, -c, "exec %s"]
                    network_mode: none
                    stop_grace_period: 0s
                    deploy: {update_config: {monitor: 3s}}
                  app:
                    image: app:1
                    command: [sh, -c, "exec sleep 100000"]
                    network_mode: none
                    stop_grace_period: 0s
                    labels: {v: "%s"}
                    working_dir: "/%s"
                    depends_on: {migrate: {condition: service_completed_successfully}}
                """.formatted(program, subject, subject), builds);
    }
}
