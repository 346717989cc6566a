package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A build, and what others do with containers of the same root meanwhile. */
class BuildBesideContainersIT {
    private static final String DOCKERFILE = "FROM busybox\nRUN echo begun; sleep 2; echo ended > /end; cat /end\n";

    @TempDir
    Path directory;

    private BuildLab lab;

    @BeforeEach
    void setUp() throws IOException {
        lab = new BuildLab(directory);
    }

    @AfterEach
    void tearDown() throws IOException {
        lab.close();
    }

    private Engine engine() throws IOException {
        return Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test-host", Optional.of(Path.of("/l")), true));
    }

    @Test
    void a_clean_up_leaves_a_step_alone() throws IOException {
        var actions = new CopyOnWriteArrayList<String>();
        assertThat(lines(() -> {
                    try (var other = engine()) {
                        actions.addAll(other.cleanUp().actions());
                    }
                }))
                .containsExactly("begun", "ended");
        assertThat(actions).isEmpty();
    }

    @Test
    void the_first_container_comes_and_the_last_one_goes() throws IOException {
        assertThat(lines(() -> {
                    try (var other = engine()) {
                        other.containers().enter().close();
                        assertThat(Files.exists(directory.resolve("run/mounted")))
                                .isTrue();
                    }
                }))
                .containsExactly("begun", "ended");
        assertThat(directory.resolve("run/mounted")).doesNotExist();
    }

    private interface Deed {
        void run() throws IOException;
    }

    /** What the step says; when it says the first, something is done. */
    private List<String> lines(Deed meanwhile) throws IOException {
        var lines = new CopyOnWriteArrayList<String>();
        try (var engine = engine()) {
            engine.builder()
                    .build(
                            lab.request(DOCKERFILE),
                            event -> {
                                if (event instanceof BuildEvent.Output output) {
                                    lines.add(output.line());
                                    if (lines.size() == 1) {
                                        done(meanwhile);
                                    }
                                }
                            },
                            new Cancellation(),
                            image -> {});
        }
        return lines;
    }

    private static void done(Deed deed) {
        try {
            deed.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
