package dev.lockstep.reconciler.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.history.JobRuns.Job;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobRunsTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");

    @Test
    void what_is_damaged_is_kept_aside_and_all_jobs_begin_anew(@TempDir Path directory) throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var runs = new JobRuns(root);
        runs.write("shop", "backup", Job.since(NOON));
        var file = StackDirectories.of(root, "shop").resolve("jobs.json");
        Files.writeString(file, "{");

        runs.beginAnew("shop", Set.of("backup", "report"), NOON.plusSeconds(60));

        assertThat(runs.of("shop"))
                .hasSize(2)
                .containsEntry("backup", Job.since(NOON.plusSeconds(60)))
                .containsEntry("report", Job.since(NOON.plusSeconds(60)));
        assertThat(file.resolveSibling("jobs.json.damaged")).hasContent("{");
    }
}
