package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.oci.BundleMount;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The container of one RUN: what it writes, what it leaves, how it ends. */
class StepContainerIT {
    /** Blocking calls are made here. */
    private static final Executor PLATFORM =
            task -> Thread.ofPlatform().daemon().start(task);

    @TempDir
    Path directory;

    private BuildLab lab;
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final Cancellation cancellation = new Cancellation();

    @BeforeEach
    void setUp() throws IOException {
        lab = new BuildLab(directory);
    }

    @AfterEach
    void tearDown() throws IOException {
        lab.close();
    }

    private static StepProcess process(String user, String... arguments) {
        return new StepProcess(
                List.of(arguments),
                Map.of("PATH", "/bin"),
                user,
                "/",
                StepProcess.Network.NONE,
                false,
                "buildkitsandbox",
                List.of(),
                StepProcess.SHM_SIZE,
                Map.of(),
                Optional.empty());
    }

    private int run(StepWorkspace workspace, StepProcess process, BundleMount... mounts) throws IOException {
        return new StepContainer(lab.rooms, workspace)
                .run(process, List.of(mounts), (_, bytes, length) -> output.write(bytes, 0, length), cancellation);
    }

    private List<Path> layers() throws IOException {
        return lab.snapshots.unpack(lab.busybox, Progress.NONE);
    }

    private String text() {
        return output.toString(StandardCharsets.UTF_8);
    }

    private static List<String> tree(Path directory) throws IOException {
        try (var all = Files.walk(directory)) {
            return all.filter(path -> !path.equals(directory))
                    .map(path -> directory.relativize(path).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void what_a_step_writes_is_what_its_upper_directory_has() throws IOException {
        try (var workspace = StepWorkspace.open(lab.root)) {
            workspace.mountForContainer(layers(), List.of());
            assertThat(run(
                            workspace,
                            process(
                                    "",
                                    "/bin/sh",
                                    "-c",
                                    "echo out; echo err >&2; id -u; echo x > /new; hostname; exit 3")))
                    .isEqualTo(3);
            workspace.unmountRoot();
            assertThat(text()).contains("out\n", "err\n", "0\n", "buildkitsandbox\n");
            // No place for a mount is among it, though this image lacks some of them.
            assertThat(tree(workspace.upper())).containsExactly("new");
        }
    }

    @Test
    void an_empty_root_gets_nothing_that_the_step_did_not_make() throws IOException {
        try (var workspace = StepWorkspace.open(lab.root)) {
            workspace.mountForContainer(List.of(), List.of(new StepWorkspace.Place("/tool/busybox", false)));
            var busybox = BundleMount.bind("/bin/busybox", "/tool/busybox", true);
            assertThat(run(
                            workspace,
                            process("", "/tool/busybox", "sh", "-c", "/tool/busybox ls /; /tool/busybox mkdir /made"),
                            busybox))
                    .isZero();
            workspace.unmountRoot();
            assertThat(text().lines()).containsExactlyInAnyOrder("dev", "etc", "proc", "sys", "tool");
            assertThat(tree(workspace.upper())).containsExactly("made");
        }
    }

    @Test
    void a_program_or_a_user_that_is_not_there_is_said() throws IOException {
        try (var workspace = StepWorkspace.open(lab.root)) {
            workspace.mountForContainer(layers(), List.of());
            assertThatThrownBy(() -> run(workspace, process("ghost", "/bin/true")))
                    .isInstanceOf(BuildException.class)
                    .hasMessageContaining("unable to find user ghost");
            assertThatThrownBy(() -> run(workspace, process("", "/no/such")))
                    .isInstanceOf(BuildException.class)
                    .hasMessageContaining("/no/such");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "trap '' TERM INT HUP; echo ready; while :; do sleep 1; done",
                "echo ready; f() { f | f & f; }; f",
                "echo ready; while :; do sleep 1000 & done"
            })
    void a_step_that_does_not_want_to_end_ends_within_seconds(String script) throws Exception {
        var run = CompletableFuture.runAsync(
                () -> {
                    try (var workspace = StepWorkspace.open(lab.root)) {
                        workspace.mountForContainer(layers(), List.of());
                        run(workspace, process("", "/bin/sh", "-c", script));
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                },
                PLATFORM);
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(text()).contains("ready"));
        cancellation.cancel();
        await().atMost(Duration.ofSeconds(20)).until(run::isDone);
        assertThatThrownBy(run::join).hasCauseInstanceOf(BuildCancelledException.class);
    }
}
