package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.linux.Flock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
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

    @Test
    void a_step_that_waits_for_others_to_make_its_network_can_be_called_off() throws Exception {
        var given = lab.request("FROM busybox\nRUN true\n");
        var request = new BuildRequest(
                given.dockerfile(),
                given.target(),
                given.context(),
                given.contexts(),
                given.arguments(),
                given.labels(),
                given.cache(),
                given.pull(),
                given.secrets(),
                given.agents(),
                BuildRequest.StepOptions.NONE,
                given.platform(),
                given.epoch());
        var cancellation = new Cancellation();
        var steps = lab.root.run().resolve("build");
        try (var engine = engine();
                var _ = Flock.exclusive(lab.root.lock("build-network-making"))) {
            var build = new FutureTask<>(() -> engine.builder().build(request, _ -> {}, cancellation, _ -> {}));
            Thread.ofPlatform().daemon().start(build);
            // What its container is started with; the next is its network.
            await().atMost(Duration.ofSeconds(60)).until(() -> isMounted(steps));

            cancellation.cancel();

            assertThatThrownBy(() -> build.get(5, TimeUnit.SECONDS))
                    .hasRootCauseInstanceOf(BuildCancelledException.class);
        }
    }

    private static boolean isMounted(Path steps) throws IOException {
        if (Files.notExists(steps)) {
            return false;
        }
        try (var all = Files.list(steps)) {
            return all.anyMatch(step -> Files.exists(step.resolve("rootfs/bin")));
        }
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
