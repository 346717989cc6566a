package dev.lockstep.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.github.luben.zstd.Zstd;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.WrongDigestException;
import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotsIT {
    private static final byte[] TAR =
            new TarBuilder().file("f", "content".repeat(1000)).build();

    @TempDir
    Path directory;

    private Root root;
    private ImageStore images;
    private Snapshots snapshots;
    private final List<Path> mounted = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        open(directory.resolve("state"));
    }

    private void open(Path state) throws IOException {
        root = Root.open(state, directory.resolve("run"));
        images = new ImageStore(root, Platform.current(), InstantSource.system());
        snapshots = snapshots(UnpackLimits.DEFAULT, InstantSource.system());
    }

    private Snapshots snapshots(UnpackLimits limits, InstantSource clock) throws IOException {
        return new Snapshots(root, images.blobs(), limits, clock);
    }

    @AfterEach
    void unmount() throws IOException {
        for (var target : mounted.reversed()) {
            Mounts.unmount(target);
        }
        assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(directory.toString());
    }

    @Test
    void an_image_is_extracted_as_a_container_would_see_it() throws Exception {
        var image = imported(TestImage.named("layers")
                .layer(new TarBuilder()
                        .member(new TarBuilder.Member("./", '5').mode(0750))
                        .directory("d/")
                        .file("d/gone", "1")
                        .file("d/kept", "22")
                        .hardLink("d/link", "d/kept")
                        .symlink("d/symbolic", "/etc/passwd")
                        .build())
                .gzipLayer(new TarBuilder()
                        .member(new TarBuilder.Member("./", '5').mode(0750))
                        .directory("d/")
                        .file("d/.wh.gone", "")
                        .file(".wh.never", "")
                        .build()));
        var target = directory.resolve("tree");

        snapshots.extract(image, target, Progress.NONE);

        try (var files = Files.walk(target)) {
            assertThat(files.map(f -> target.relativize(f).toString()))
                    .containsExactlyInAnyOrder("", "d", "d/kept", "d/link", "d/symbolic");
        }
        assertThat(Files.getAttribute(target.resolve("d/link"), "unix:ino"))
                .isEqualTo(Files.getAttribute(target.resolve("d/kept"), "unix:ino"));
        assertThat(Files.getAttribute(target, "unix:mode")).isEqualTo(040750);
        assertThat(snapshots.size(image.layers().getFirst().diffId())).hasValue(3);
    }

    @Test
    void the_whiteouts_of_an_only_layer_are_not_extracted() throws Exception {
        var image = imported(TestImage.named("one")
                .layer(new TarBuilder().file("a", "1").file(".wh.b", "").build()));
        var target = Files.createDirectory(directory.resolve("empty"));

        snapshots.extract(image, target, Progress.NONE);

        try (var files = Files.list(target)) {
            assertThat(files).containsExactly(target.resolve("a"));
        }
    }

    @Test
    void nothing_is_extracted_over_what_is_there() throws Exception {
        var image = imported(TestImage.named("one").file("a", "1"));
        var full = Files.createDirectory(directory.resolve("full"));
        Files.createFile(full.resolve("mine"));
        var link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("nowhere"));

        for (var target : List.of(full, full.resolve("mine"), link)) {
            assertThatThrownBy(() -> snapshots.extract(image, target, Progress.NONE))
                    .isInstanceOf(java.nio.file.FileAlreadyExistsException.class);
        }
        assertThatThrownBy(() -> snapshots.extract(image, directory.resolve("no/such"), Progress.NONE))
                .isInstanceOf(java.nio.file.NoSuchFileException.class);
        try (var files = Files.list(directory)) {
            assertThat(files.filter(f -> f.toString().endsWith(".tmp"))).isEmpty();
        }
    }

    @Test
    void layers_over_each_other_are_a_root_file_system() throws IOException {
        var image = imported(TestImage.named("layers")
                .layer(new TarBuilder()
                        .member(new TarBuilder.Member("./", '5').mode(0755))
                        .directory("d/")
                        .file("d/gone", "1")
                        .file("d/kept", "1")
                        .directory("opaque/")
                        .file("opaque/below", "1")
                        .file("changed", "1")
                        .build())
                .gzipLayer(new TarBuilder()
                        .directory("d/")
                        .file("d/.wh.gone", "")
                        .directory("opaque/")
                        .file("opaque/.wh..wh..opq", "")
                        .file("opaque/above", "2")
                        .file("changed", "2")
                        .build())
                .layer(
                        Zstd.compress(new TarBuilder().file("top", "3").build()),
                        MediaType.OCI_LAYER_ZSTD,
                        BlobStore.digest(new TarBuilder().file("top", "3").build())));
        var at = mount(image);

        assertThat(at.resolve("d/gone")).doesNotExist();
        assertThat(at.resolve("d/kept")).hasContent("1");
        assertThat(at.resolve("opaque/below")).doesNotExist();
        assertThat(at.resolve("opaque/above")).hasContent("2");
        assertThat(at.resolve("changed")).hasContent("2");
        assertThat(at.resolve("top")).hasContent("3");
        Files.writeString(at.resolve("changed"), "written");
        assertThat(directory.resolve("upper/changed")).hasContent("written");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 200})
    void images_may_have_few_or_many_layers(int count) throws IOException {
        var image = TestImage.named("many");
        for (var i = 0; i < count; i++) {
            image.file("f" + i, "" + i);
        }
        var at = mount(imported(image));

        for (var i = 0; i < count; i++) {
            assertThat(at.resolve("f" + i)).hasContent("" + i);
        }
    }

    @Test
    void a_layer_is_unpacked_once_for_all_images_that_have_it() throws IOException {
        var first = imported(TestImage.named("first").layer(TAR).file("a", "1"));
        var second = imported(TestImage.named("second").file("b", "1").gzipLayer(TAR));
        var steps = new ConcurrentLinkedQueue<Progress.Step>();

        var firstLayers = snapshots.unpack(first, Progress.NONE);
        var secondLayers = snapshots.unpack(second, (step, content, done, total) -> {
            if (done == total) {
                steps.add(step);
            }
        });

        assertThat(secondLayers.getFirst()).isEqualTo(firstLayers.getLast());
        assertThat(steps).containsExactlyInAnyOrder(Progress.Step.PRESENT, Progress.Step.UNPACK);
    }

    @Test
    void many_at_once_unpack_a_layer_once() throws Exception {
        var image = imported(TestImage.named("shared").layer(TAR));
        var unpacked = new ConcurrentLinkedQueue<Progress.Step>();
        Callable<List<Path>> unpack = () -> snapshots.unpack(image, (step, content, done, total) -> {
            if (step == Progress.Step.UNPACK && done == total) {
                unpacked.add(step);
            }
        });
        try (var threads = Executors.newFixedThreadPool(8)) {
            var results = threads.invokeAll(java.util.Collections.nCopies(8, unpack));
            for (var result : results) {
                assertThat(result.get().getFirst().resolve("f")).exists();
            }
        }

        assertThat(unpacked).hasSize(1);
        assertNothingUnfinished();
    }

    static Stream<Arguments> broken() {
        var gzip = TarBuilder.gzip(TAR);
        var other = BlobStore.digest(new byte[] {1});
        var right = BlobStore.digest(TAR);
        var trailed = Arrays.copyOf(TAR, TAR.length + 1);
        trailed[TAR.length] = 1;
        return Stream.of(
                arguments("another layer", TAR, other, WrongDigestException.class, "expected " + other),
                arguments("bytes after the end", trailed, right, WrongDigestException.class, "expected " + right),
                arguments(
                        "a cut gzip", Arrays.copyOf(gzip, gzip.length / 2), right, UnpackException.class, "too early"),
                arguments("a cut tar", Arrays.copyOf(TAR, 3000), right, UnpackException.class, "refused at f"),
                arguments(
                        "no tar",
                        "rubbish".repeat(500).getBytes(java.nio.charset.StandardCharsets.UTF_8),
                        right,
                        UnpackException.class,
                        "no tar archive"),
                arguments(
                        "an unknown compression",
                        new byte[] {'B', 'Z', 'h', '9', 0, 0},
                        right,
                        UnpackException.class,
                        "bzip2"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void a_layer_that_is_not_right_is_not_used(
            String what, byte[] blob, dev.lockstep.runtime.image.Digest diffId, Class<?> type, String why)
            throws IOException {
        var image = imported(TestImage.named("broken").layer(blob, MediaType.OCI_LAYER_GZIP, diffId));

        assertThatThrownBy(() -> snapshots.unpack(image, Progress.NONE))
                .isInstanceOf(type)
                .hasMessageContaining(why);
        assertNothingUnfinished();
        assertThat(root.state().resolve("snapshots").resolve(diffId.hex())).doesNotExist();
    }

    @Test
    void a_bomb_is_stopped_before_it_is_big() throws IOException {
        var bomb = new TarBuilder().file("zeros", 0644, new byte[20 << 20]).build();
        var image = imported(TestImage.named("bomb").gzipLayer(bomb));
        var careful = snapshots(new UnpackLimits(1L << 40, 10, 100, 1 << 20), InstantSource.system());

        assertThatThrownBy(() -> careful.unpack(image, Progress.NONE)).hasMessageContaining("more than 100 times");
        assertNothingUnfinished();
    }

    @Test
    void a_full_disk_is_said_with_its_place_and_leaves_nothing() throws IOException {
        var small = Files.createDirectory(directory.resolve("small"));
        Mounts.tmpfs(small, 3 << 20, 0755, List.of(DetachedMount.Attribute.NO_SUID));
        mounted.add(small);
        open(small);
        var gzip = TestImage.named("big")
                .gzipLayer(new TarBuilder()
                        .file("a", "a")
                        .file("dir/big", 0644, new byte[5 << 20])
                        .build());
        var image = imported(gzip);

        assertThatThrownBy(() -> snapshots.unpack(image, Progress.NONE))
                .isInstanceOf(SnapshotStorageException.class)
                .hasMessageContaining("no space left to unpack layer "
                        + image.layers().getFirst().blob() + " in " + small.resolve("snapshots") + " at dir/big")
                .hasMessageContaining("make room there and try again");
        assertNothingUnfinished();
        assertThat(images.find(image.digest())).contains(image);
        assertThat(snapshots.unpack(imported(TestImage.named("fits").layer(TAR)), Progress.NONE))
                .hasSize(1);
    }

    @Test
    void what_a_crash_left_is_removed_unless_somebody_works_on_it() throws IOException {
        var hex = "a".repeat(64);
        var left = root.state().resolve("snapshots/." + hex + ".123.tmp");
        Files.createDirectories(left.resolve("deep/er"));
        try (var _ = dev.lockstep.runtime.linux.Flock.exclusive(root.lock("layer/" + hex))) {
            snapshots.cleanUp();
            assertThat(left).exists();
        }
        snapshots.cleanUp();

        assertThat(left).doesNotExist();
    }

    /** Their files lie in memory, and each image that is built has others. */
    @Test
    void no_lock_of_a_layer_or_of_a_blob_is_left() throws IOException {
        var image = imported(TestImage.named("one").file("x", "1"));
        snapshots.unpack(image, Progress.NONE);
        snapshots.unpack(image, Progress.NONE);
        snapshots.collect(Set.of(), Set.copyOf(image.config().diffIds()), Optional.empty());

        assertThat(snapshots.all()).isEmpty();
        for (var locks : List.of("blob", "layer")) {
            assertThat(root.run().resolve("locks").resolve(locks)).isEmptyDirectory();
        }
    }

    @Test
    void layers_are_collected_when_they_are_old_unused_and_not_mounted() throws IOException {
        var image = imported(TestImage.named("mounted").layer(TAR));
        var other = imported(TestImage.named("unused").file("x", "1"));
        var used = imported(TestImage.named("used").file("y", "1"));
        var at = mount(image);
        var gone = snapshots.unpack(other, Progress.NONE).getFirst();
        var kept = snapshots.unpack(used, Progress.NONE).getFirst();
        var inUse = Set.copyOf(used.config().diffIds());

        assertThat(snapshots.collect(inUse, Set.of(), Optional.empty()).layers())
                .isZero();
        var later = snapshots(UnpackLimits.DEFAULT, () -> Instant.now().plus(Duration.ofHours(2)));
        assertThat(later.collect(inUse, Set.of(), Optional.empty()).layers()).isEqualTo(1);

        assertThat(gone).doesNotExist();
        assertThat(kept).exists();
        assertThat(at.resolve("f")).exists();
        assertNothingUnfinished();
    }

    private Image imported(TestImage image) throws IOException {
        var tar = new TarBuilder();
        image.ociFiles().forEach((name, content) -> tar.file(name, 0644, content));
        var digest = images.importArchive(new ByteArrayInputStream(tar.build()), Optional.empty(), Progress.NONE)
                .getFirst()
                .digest();
        return images.find(digest).orElseThrow();
    }

    private Path mount(Image image) throws IOException {
        var target = directory.resolve("target");
        mounted.add(target);
        var upper = Root.directory(directory.resolve("upper"));
        var work = Root.directory(directory.resolve("work"));
        Mounts.overlay(
                snapshots.unpack(image, Progress.NONE),
                Optional.of(new Mounts.Upper(upper, work)),
                Root.directory(target));
        return target;
    }

    private void assertNothingUnfinished() throws IOException {
        try (var files = Files.list(root.state().resolve("snapshots"))) {
            assertThat(files.map(f -> f.getFileName().toString())).allMatch(name -> name.matches("[0-9a-f]{64}"));
        }
    }
}
