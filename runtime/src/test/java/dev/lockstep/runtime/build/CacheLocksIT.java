package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.linux.Flock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Steps that wait for each other's caches, or for each other, with real locks. */
class CacheLocksIT {
    /** Of a cancelled build: it looks that often, and has a workspace to take away. */
    private static final Duration AT_ONCE = Duration.ofSeconds(5);

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

    private CompletableFuture<Image> begin(String dockerfile, Cancellation cancellation) {
        return begin(dockerfile, cancellation, _ -> {});
    }

    private CompletableFuture<Image> begin(String dockerfile, Cancellation cancellation, BuildEvent.Listener listener) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return new Builder(lab.rooms)
                                .build(
                                        lab.request(dockerfile),
                                        listener,
                                        cancellation,
                                        Builder.Finish.named(lab.images, List.of()));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                task -> Thread.ofPlatform().daemon().start(task));
    }

    private Image finished(String dockerfile) throws Exception {
        return begin(dockerfile, new Cancellation()).get(60, TimeUnit.SECONDS);
    }

    @Test
    void a_step_has_a_cache_once_however_often_it_mounts_it() throws Exception {
        var image = finished("""
                FROM busybox
                RUN --mount=type=cache,id=x,target=/a,sharing=locked \
                    --mount=type=cache,id=x,target=/b \
                    --mount=type=cache,id=x,target=/c,sharing=private,ro \
                    echo hello > /a/f && cat /b/f > /b1 && cat /c/f > /c1
                """);

        var tree = lab.tree(image);
        assertThat(tree.resolve("b1")).hasContent("hello");
        assertThat(tree.resolve("c1")).hasContent("hello");
        assertThat(CacheDirectory.list(lab.root)).hasSize(1);
    }

    @Test
    void stages_that_take_locked_caches_in_opposite_orders_all_get_them() throws Exception {
        var text = new StringBuilder();
        var copies = new StringBuilder("FROM busybox\n");
        for (var stage = 0; stage < 6; stage++) {
            var ids = stage % 2 == 0 ? "xy" : "yx";
            text.append("FROM busybox AS s%d\n".formatted(stage))
                    .append("RUN --mount=type=cache,id=%s,target=/1,sharing=locked".formatted(ids.charAt(0)))
                    .append(" --mount=type=cache,id=%s,target=/2,sharing=locked".formatted(ids.charAt(1)))
                    .append(" echo %d > /out\n".formatted(stage));
            copies.append("COPY --from=s%d /out /%d\n".formatted(stage, stage));
        }

        var image = finished(text.append(copies).toString());

        assertThat(lab.tree(image).resolve("5")).hasContent("5");
    }

    @Test
    void a_build_that_waits_for_a_cache_can_be_called_off() throws Exception {
        var mount = "RUN --mount=type=cache,id=x,target=/x,sharing=locked ";
        finished("FROM busybox\n" + mount + "true\n");
        var name = CacheDirectory.list(lab.root).getFirst().getFileName().toString();
        for (var sharing : new String[] {"locked", "shared"}) {
            var cancellation = new Cancellation();
            try (var _ = Flock.exclusive(lab.root.lock("build-mount/" + name))) {
                var build = begin("FROM busybox\n" + mount.replace("locked", sharing) + "echo more\n", cancellation);
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> hasFiles(lab.root.run().resolve("build")));

                cancellation.cancel();

                assertCancelled(build);
            }
        }
    }

    @Test
    void a_build_that_waits_for_one_to_fill_a_cache_can_be_called_off() throws Exception {
        var mount = "RUN --mount=type=cache,id=x,target=/x ";
        finished("FROM busybox\n" + mount + "true\n");
        var name = CacheDirectory.list(lab.root).getFirst().getFileName().toString();
        var cancellation = new Cancellation();
        try (var _ = Flock.exclusive(lab.root.lock("build-mount/" + name + ".new"))) {
            var build = begin("FROM busybox\n" + mount + "echo more\n", cancellation);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> hasFiles(lab.root.run().resolve("build")));

            cancellation.cancel();

            assertCancelled(build);
        }
    }

    @Test
    void a_build_that_waits_for_another_to_do_its_step_can_be_called_off() throws Exception {
        var text = "FROM busybox\nRUN echo begun; while :; do sleep 1; done\n";
        var first = new Cancellation();
        var second = new Cancellation();
        var doing = begin(text, first, lab.events::add);
        await().atMost(Duration.ofSeconds(60)).until(() -> lab.output().contains("begun"));
        var titles = new CopyOnWriteArrayList<String>();
        var waiting = begin(text, second, event -> {
            if (event instanceof BuildEvent.Started started) {
                titles.add(started.title());
            }
        });
        await().atMost(Duration.ofSeconds(60)).until(() -> titles.stream().anyMatch(title -> title.contains("] RUN ")));

        second.cancel();

        assertCancelled(waiting);
        assertThat(doing).isNotDone();
        first.cancel();
        assertCancelled(doing);
    }

    @Test
    void a_layer_is_not_compressed_to_its_end_for_a_build_that_is_called_off() throws Exception {
        var image = finished("FROM busybox\nRUN echo hello > /o\n");
        var cancellation = new Cancellation();
        var builder = new Builder(lab.rooms, maker -> asked -> {
            cancellation.cancel();
            return maker.make(asked);
        });

        assertThatThrownBy(() -> builder.packing(cancellation).pack(image, LayerForm.PUSHED))
                .isInstanceOf(BuildCancelledException.class);

        assertThat(lab.root.state().resolve("images/tmp")).isEmptyDirectory();
        assertThat(new Builder(lab.rooms).packing().pack(image, LayerForm.PUSHED))
                .isNotEqualTo(image);
    }

    private static void assertCancelled(CompletableFuture<Image> build) {
        assertThatThrownBy(() -> build.get(AT_ONCE.toSeconds(), TimeUnit.SECONDS))
                .hasRootCauseInstanceOf(BuildCancelledException.class);
    }

    private static boolean hasFiles(Path directory) throws IOException {
        if (Files.notExists(directory)) {
            return false;
        }
        try (var files = Files.list(directory)) {
            return files.findAny().isPresent();
        }
    }
}
