package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.prune.DiskRule;
import dev.lockstep.runtime.prune.KeepRules;
import dev.lockstep.runtime.prune.PruneRecord;
import dev.lockstep.runtime.prune.PruneRecords;
import dev.lockstep.runtime.registry.RegistrySettings;
import dev.lockstep.runtime.snapshot.UnpackLimits;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.spec.model.CronExpression;
import dev.lockstep.spec.settings.HousekeepingEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Housekeeping by the clock, with a real scheduler. */
class HousekeepingScheduleIT {
    @TempDir
    Path directory;

    private final List<String> said = new CopyOnWriteArrayList<>();
    private Engine engine;

    @BeforeEach
    void open() throws IOException {
        engine = Engine.open(new EngineOptions(
                directory.resolve("state"),
                directory.resolve("run"),
                "test",
                Optional.of(Path.of("/l")),
                true,
                RegistrySettings.anonymous(),
                UnpackLimits.DEFAULT,
                new KeepRules(false, Duration.ZERO, 0, Optional.of(new DiskRule.Used(0)))));
    }

    @AfterEach
    void close() throws IOException {
        engine.close();
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .noneMatch(name -> name.startsWith("housekeeping-"));
    }

    private HousekeepingSchedule schedule(Optional<String> cron, InstantSource clock) throws IOException {
        var standard = HousekeepingEntry.DEFAULT;
        return HousekeepingSchedule.start(
                engine,
                new HousekeepingEntry(
                        cron.map(CronExpression::parse),
                        Optional.empty(),
                        standard.keepAge(),
                        standard.keep(),
                        standard.disk()),
                clock,
                said::add);
    }

    private List<PruneRecord> records() throws IOException {
        return new PruneRecords(engine.root()).all();
    }

    @Test
    void when_it_is_due_images_that_nobody_needs_go_and_it_is_said_and_written_down() throws IOException {
        engine.images()
                .importArchive(
                        TestImage.named("spare:1").file("a", "b").ociArchive(directory.resolve("in.tar")),
                        Optional.empty(),
                        Progress.NONE);

        var content = Files.createDirectories(engine.root().state().resolve("content/100644-aa"));
        Files.setLastModifiedTime(content, FileTime.from(Instant.now().minus(Duration.ofDays(2))));

        try (var _ = schedule(Optional.of("* * * * * ?"), InstantSource.system())) {
            await().until(() -> !records().isEmpty());
            await().until(() -> Files.notExists(content));
        }

        assertThat(engine.images().list()).isEmpty();
        assertThat(said).first().asString().startsWith("housekeeping removed 1 image and freed ");
        assertThat(records().getFirst()).satisfies(record -> {
            assertThat(record.trigger()).isEqualTo(PruneRecord.Trigger.SCHEDULE);
            assertThat(record.removed()).singleElement().satisfies(removed -> {
                assertThat(removed.names()).containsExactly("spare:1");
                assertThat(removed.why())
                        .isEqualTo("no container and no stack needs it, and more than 0 % of the disk is used");
            });
        });
    }

    @Test
    void what_was_missed_is_made_up_for_after_the_start() throws IOException {
        Files.setLastModifiedTime(
                engine.root().state().resolve("root.json"),
                FileTime.from(Instant.now().minus(Duration.ofDays(40))));

        // Due on the first of each month; the agent says that it starts a minute ago, so that nobody waits.
        try (var _ = schedule(Optional.of("0 0 0 1 * ?"), () -> Instant.now().minus(Duration.ofMinutes(1)))) {
            await().until(() -> !records().isEmpty());
        }

        // And not a second time.
        try (var again =
                schedule(Optional.of("0 0 0 1 * ?"), () -> Instant.now().minus(Duration.ofMinutes(1)))) {
            assertThat(again).isNotNull();
        }
        assertThat(records()).hasSize(1);
    }

    @Test
    void never_does_nothing_and_a_time_that_never_comes_is_refused() throws IOException {
        schedule(Optional.empty(), InstantSource.system()).close();
        assertThat(records()).isEmpty();

        assertThatThrownBy(() -> schedule(Optional.of("0 0 0 31 2 ?"), InstantSource.system()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("housekeeping cannot be scheduled");
    }
}
