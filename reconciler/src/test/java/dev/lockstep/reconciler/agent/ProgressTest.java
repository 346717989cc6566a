package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a stack knows of one that it comes after. */
@Timeout(20)
class ProgressTest {
    private final Progress progress = new Progress();

    @Test
    void a_stack_is_well_when_the_newest_commit_ended_well() {
        assertThat(progress.isWell("a")).isFalse();
        progress.want("a");
        assertThat(progress.isWell("a")).isFalse();
        progress.settle("a", true);
        assertThat(progress.isWell("a")).isTrue();

        progress.want("b");
        assertThat(progress.isWell("a")).as("b is not yet run").isFalse();
        progress.settle("b", false);
        assertThat(progress.isWell("b")).isFalse();
        progress.settle("b", true);
        assertThat(progress.isWell("a")).as("b is newer than a").isTrue();
    }

    @Test
    void without_a_wish_the_commit_that_is_asked_for_counts() {
        progress.settle("a", true);

        assertThat(progress.isWell("a")).isTrue();
        assertThat(progress.isWell("b")).isFalse();
    }

    @Test
    void who_waits_goes_on_when_the_newest_run_ended_however_it_ended() throws Exception {
        progress.want("a");
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Boolean> waiting = threads.submit(() -> {
                progress.await("a");
                return progress.isWell("a");
            });
            progress.want("b");
            progress.settle("a", true);
            assertThat(waiting.isDone()).isFalse();
            progress.settle("b", false);
            assertThat(waiting.get(60, TimeUnit.SECONDS)).isFalse();
        }
    }

    @Test
    void nobody_waits_for_one_that_ended() throws Exception {
        progress.want("a");
        progress.close();

        progress.await("a");
        assertThat(progress.isWell("a")).isFalse();
    }
}
