package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.Resources;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.log.LogLine;
import dev.lockstep.runtime.log.LogQuery;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Logs that are followed, of containers that never run: the test writes what conmon would. */
class LogFollowIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private Engine engine;
    private Digest image;
    private final List<String> said = new CopyOnWriteArrayList<>();
    private final Shown shown = new Shown();

    /** Keeps the lines. */
    private static final class Shown implements LogOutput {
        final List<String> lines = new CopyOnWriteArrayList<>();

        @Override
        public void expect(ContainerRecord container) {
            // Whose they are is no matter here.
        }

        @Override
        public void print(ContainerRecord container, LogLine line) {
            lines.add(line.copy().text());
        }

        @Override
        public void flush() {
            // They are here.
        }
    }

    @BeforeEach
    void open() throws IOException {
        engine = Engine.open(
                new EngineOptions(directory.resolve("root"), directory.resolve("run"), "test", Optional.empty(), true));
        var archive = TestImage.busybox("x").dockerArchive(directory.resolve("image.tar"));
        image = engine.images()
                .importArchive(archive, Optional.empty(), Progress.NONE)
                .getFirst()
                .digest();
    }

    @AfterEach
    void close() throws IOException {
        for (var container : engine.containers().observe()) {
            engine.containers().remove(container.id(), true, true);
        }
        engine.close();
    }

    private String created(String name) throws IOException {
        return engine.containers()
                .create(new ContainerSpec(
                        name,
                        new Owner("test", "", Optional.empty()),
                        "",
                        1,
                        ImageReference.parse("x:latest"),
                        image,
                        Optional.empty(),
                        Optional.of(List.of("true")),
                        Map.of(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        Resources.UNLIMITED,
                        RestartPolicy.NONE,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()))
                .id();
    }

    /** Appears as a whole. */
    private void writes(String id, String records) throws IOException {
        var logs = Files.createDirectories(directory.resolve("root/containers/" + id + "/log"));
        Files.move(Files.writeString(logs.resolve("new"), records), logs.resolve("ctr.log"));
    }

    private static String record(String tag, Object text) {
        return "2026-11-24T12:00:00.000000000+00:00 stdout " + tag + " " + text + "\n";
    }

    private Thread follow(long share) {
        var follow = new LogFollow(
                InstantSource.system(),
                said::add,
                engine,
                () -> engine.containers().observe(),
                LogQuery.ALL,
                shown,
                share);
        return Thread.ofPlatform().daemon().start(() -> {
            try {
                follow.follow();
            } catch (IOException e) {
                said.add(e.toString());
            } catch (InterruptedException e) {
                // Enough was seen.
            }
        });
    }

    /** With the pause of somebody who waits for news after each share that would be ten minutes. */
    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void who_has_more_to_show_waits_for_nothing() throws Exception {
        var id = created("c");
        var records = new StringBuilder();
        var expected = new ArrayList<String>();
        for (var number = 1; number <= 300; number++) {
            records.append(record("F", number));
            expected.add(String.valueOf(number));
        }
        writes(id, records.toString());
        var following = follow(1);

        await().atMost(SOON).untilAsserted(() -> assertThat(shown.lines).isEqualTo(expected));
        following.interrupt();
        following.join();
        assertThat(said).isEmpty();
    }

    @Test
    void containers_that_are_gone_are_let_go_of_when_all_is_shown() throws Exception {
        created("other"); // as long as one may run there is something to follow
        var following = follow(100);
        for (var number = 1; number <= 5; number++) {
            var id = created("c");
            writes(id, record("F", "line " + number) + record("P", "half " + number));
            var line = "line " + number;
            await().atMost(SOON).untilAsserted(() -> assertThat(shown.lines).contains(line));
            engine.containers().remove(id, true, true);
        }

        await().atMost(SOON).untilAsserted(() -> assertThat(openLogs()).isEmpty());
        assertThat(shown.lines)
                .containsExactlyInAnyOrder(
                        "line 1", "half 1", "line 2", "half 2", "line 3", "half 3", "line 4", "half 4", "line 5",
                        "half 5");
        following.interrupt();
        following.join();
        assertThat(said).isEmpty();
    }

    private List<String> openLogs() throws IOException {
        var found = new ArrayList<String>();
        try (var all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (var descriptor : all) {
                try {
                    var file = Files.readSymbolicLink(descriptor).toString();
                    if (file.startsWith(directory.toString()) && file.contains("ctr.log")) {
                        found.add(file);
                    }
                } catch (NoSuchFileException e) {
                    // Closed meanwhile.
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return found;
    }
}
