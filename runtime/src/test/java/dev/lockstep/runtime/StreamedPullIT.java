package dev.lockstep.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.prune.KeepRules;
import dev.lockstep.runtime.prune.PruneRecord;
import dev.lockstep.runtime.registry.RegistryException;
import dev.lockstep.runtime.registry.RegistrySettings;
import dev.lockstep.runtime.snapshot.SnapshotStorageException;
import dev.lockstep.runtime.snapshot.UnpackException;
import dev.lockstep.runtime.snapshot.UnpackLimits;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers are unpacked while they arrive, from registries, disks and neighbours of every kind. */
class StreamedPullIT {
    private static final int SIZE = 700_000;

    @TempDir
    private Path directory;

    private FakeRegistry registry;
    private final TestImage image = TestImage.unnamed();
    private String name;
    private final CountDownLatch over = new CountDownLatch(1);

    @BeforeEach
    void serve() throws IOException {
        registry = FakeRegistry.start();
        image.gzipLayer(layer(1)).gzipLayer(layer(2)).layer(layer(3));
        name = registry.serve("app", "1", image);
    }

    @AfterEach
    void stop() {
        over.countDown();
        registry.close();
    }

    private static byte[] noise(int seed, int size) {
        var content = new byte[size];
        new Random(seed).nextBytes(content);
        return content;
    }

    private static byte[] layer(int number) {
        return new TarBuilder()
                .file("first-" + number, "first")
                .file("noise-" + number, 0644, noise(number, SIZE))
                .file("last-" + number, "last")
                .build();
    }

    private Engine engine(Path state, UnpackLimits limits) throws IOException {
        var settings = RegistrySettings.anonymous();
        var quick = new RegistrySettings(
                settings.connect(),
                settings.idle(),
                3,
                Duration.ofMillis(5),
                Duration.ofMillis(20),
                3,
                settings.credentials(),
                settings.hosts(),
                settings.proxies(),
                settings.time());
        return Engine.open(new EngineOptions(
                state,
                directory.resolve("run"),
                "test",
                Optional.of(Path.of("/l")),
                true,
                quick,
                limits,
                EngineOptions.DEFAULT_KEEP));
    }

    private Engine engine() throws IOException {
        return engine(directory.resolve("state"), UnpackLimits.DEFAULT);
    }

    private Image pull(String reference) throws IOException {
        try (var engine = engine()) {
            return engine.pull(ImageReference.parse(reference), Progress.NONE);
        }
    }

    private Path snapshot(Image pulled, int layer) {
        return directory.resolve(
                "state/snapshots/" + pulled.layers().get(layer).diffId().hex());
    }

    private void assertWhole(Image pulled) throws IOException {
        for (var layer = 1; layer <= 3; layer++) {
            var root = snapshot(pulled, layer - 1);
            assertThat(root.resolve("first-" + layer)).hasContent("first");
            assertThat(root.resolve("noise-" + layer)).hasBinaryContent(noise(layer, SIZE));
            assertThat(root.resolve("last-" + layer)).hasContent("last");
        }
        assertNothingPartial(directory.resolve("state"));
        try (var engine = engine()) {
            assertThat(engine.images().verify().isGood()).isTrue();
        }
    }

    private static void assertNothingPartial(Path state) throws IOException {
        try (var unfinished = Files.list(state.resolve("images/tmp"))) {
            assertThat(unfinished).isEmpty();
        }
        assertNothingHalfUnpacked(state);
    }

    private static void assertNothingHalfUnpacked(Path state) throws IOException {
        try (var layers = Files.list(state.resolve("snapshots"))) {
            assertThat(layers).allMatch(layer -> layer.getFileName().toString().matches("[0-9a-f]{64}"));
        }
    }

    /** Sends the first bytes and no more, until the test is over. */
    private FakeRegistry.Handler stuckAfter(byte[] content, int bytes) {
        return exchange -> {
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content, 0, bytes);
            exchange.getResponseBody().flush();
            try {
                over.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }

    @Test
    void a_pulled_image_is_unpacked_and_the_next_pull_asks_for_the_tag_alone() throws IOException {
        var pulled = pull(name);
        assertWhole(pulled);
        var before = registry.requests().size();

        assertThat(pull(name)).isEqualTo(pulled);
        assertThat(registry.requests().subList(before, registry.requests().size()))
                .extracting(FakeRegistry.Request::method)
                .containsExactly("HEAD");
        pull(name.replaceFirst(":1$", "@" + pulled.digest()));
        assertThat(registry.requests()).hasSize(before + 1);
    }

    @Test
    void a_layer_that_is_not_unpacked_any_more_is_unpacked_from_its_blob() throws IOException {
        var pulled = pull(name);
        Files.delete(snapshot(pulled, 0).resolve("first-1"));
        try (var engine = engine()) {
            engine.snapshots()
                    .collect(Set.of(), Set.of(pulled.layers().getFirst().diffId()), Optional.empty());
        }
        assertThat(snapshot(pulled, 0)).doesNotExist();

        assertWhole(pull(name));
        assertThat(registry.count("GET", "/blobs/")).isEqualTo(4);
    }

    @Test
    @Timeout(30)
    void files_are_there_while_the_rest_of_their_layer_is_on_its_way() throws Exception {
        var blob = image.blobs().get(3);
        registry.when(blob.digest().toString(), 1, stuckAfter(blob.content(), blob.content().length - 5000));
        var pulling = Thread.ofPlatform().start(() -> {
            try {
                pull(name);
            } catch (IOException e) {
                // The test ends it.
            }
        });
        var snapshots = directory.resolve("state/snapshots");
        Awaitility.await().until(() -> {
            try (var files = Files.walk(snapshots)) {
                return files.anyMatch(file -> file.endsWith("first-3"));
            } catch (NoSuchFileException | UncheckedIOException e) {
                return false;
            }
        });
        try (var layers = Files.list(snapshots)) {
            // Seen by nobody who looks for the layer.
            assertThat(layers.filter(layer -> Files.exists(layer.resolve("first-3"))))
                    .allMatch(layer -> layer.getFileName().toString().endsWith(".tmp"));
        }

        pulling.interrupt();
        pulling.join();
        assertNothingHalfUnpacked(directory.resolve("state"));
        assertWhole(pull(name));
        assertThat(registry.requests().getLast().range()).isPresent();
    }

    @Test
    @Timeout(30)
    void a_hostile_layer_is_refused_before_the_rest_of_it_has_come() throws IOException {
        var hostile = TestImage.unnamed()
                .layer(new TarBuilder()
                        .file("good", "good")
                        .hardLink("evil", "../../../etc/shadow")
                        .file("more", 0644, noise(9, 2_000_000))
                        .build());
        var reference = registry.serve("evil", "1", hostile);
        var blob = hostile.blobs().getLast();
        registry.when(blob.digest().toString(), 1, stuckAfter(blob.content(), 1_000_000));

        assertThatThrownBy(() -> pull(reference))
                .isInstanceOf(UnpackException.class)
                .hasMessageContaining("layer " + blob.digest() + " is refused at evil");
        assertNothingPartial(directory.resolve("state"));
        assertThat(directory.resolve(
                        "state/images/blobs/sha256/" + blob.digest().hex()))
                .doesNotExist();
        assertWhole(pull(name));
    }

    @Test
    @Timeout(30)
    void a_bomb_is_refused_before_the_rest_of_it_has_come() throws IOException {
        var bomb = TestImage.unnamed()
                .gzipLayer(new TarBuilder()
                        .file("zeros", 0644, new byte[60_000_000])
                        .file("more", 0644, noise(9, 100_000))
                        .build());
        var reference = registry.serve("bomb", "1", bomb);
        var blob = bomb.blobs().getLast();
        registry.when(blob.digest().toString(), 1, stuckAfter(blob.content(), blob.content().length - 90_000));

        try (var engine = engine(directory.resolve("state"), new UnpackLimits(1L << 40, 10, 100, 1 << 20))) {
            assertThatThrownBy(() -> engine.pull(ImageReference.parse(reference), Progress.NONE))
                    .isInstanceOf(UnpackException.class)
                    .hasMessageContaining("layer " + blob.digest() + " is refused at zeros")
                    .hasMessageContaining("more than 100 times");
        }
        assertNothingPartial(directory.resolve("state"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void a_connection_that_is_cut_at_any_byte_is_gone_on_with_in_the_same_unpacker(String property) throws IOException {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var rounds = Math.max(1, Integer.getInteger("lockstep.count", 50) / 20);
        System.out.println("cut downloads: seed " + Long.toUnsignedString(seed) + ", " + rounds + " rounds");
        var chance = new Random(seed);
        for (var round = 0; round < rounds; round++) {
            var blob = image.blobs().get(1 + chance.nextInt(3));
            var resumes = chance.nextBoolean();
            var cut = chance.nextInt(1, blob.content().length);
            registry.when(blob.digest().toString(), 1, exchange -> {
                exchange.sendResponseHeaders(200, blob.content().length);
                exchange.getResponseBody().write(blob.content(), 0, cut);
                exchange.close();
            });
            if (!resumes) {
                registry.when(blob.digest().toString(), 1, FakeRegistry.body(blob.content()));
            }
            Map<Digest, Long> furthest = new ConcurrentHashMap<>();
            var back = new ConcurrentLinkedQueue<Digest>();
            var state = directory.resolve("state");
            Image pulled;
            try (var engine = engine()) {
                pulled = engine.pull(ImageReference.parse(name), (step, content, done, total) -> {
                    if (step == Progress.Step.UNPACK && furthest.merge(content, done, Math::max) > done) {
                        back.add(content);
                    }
                });
            }
            var when = "cut at " + cut + ", resumes " + resumes + ", seed " + Long.toUnsignedString(seed);
            assertWhole(pulled);
            assertThat(back).as(when).isEmpty();
            assertThat(furthest).as(when).hasSize(3);
            try (var engine = engine()) {
                engine.housekeeping().prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);
            }
            assertThat(state.resolve("images/blobs/sha256")).as(when).isEmptyDirectory();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void what_a_crash_left_that_is_bad_is_fetched_again(int layer) throws IOException {
        var blob = image.blobs().get(layer);
        var partial = directory.resolve("state/images/tmp/" + blob.digest().hex() + ".partial");
        Files.createDirectories(partial.getParent());
        // As a file system leaves a file whose size was written and whose content was not.
        Files.write(partial, new byte[300_000]);

        assertWhole(pull(name));
        assertThat(registry.requests())
                .filteredOn(r -> r.path().contains(blob.digest().toString()))
                .last()
                .matches(r -> r.range().isEmpty());
    }

    @Test
    void content_that_is_not_what_was_announced_is_the_registrys_fault() throws IOException {
        var blob = image.blobs().get(1);
        var changed = blob.content().clone();
        changed[5]++; // a time in the header of gzip, which nothing else sees
        registry.when(blob.digest().toString(), 1, FakeRegistry.body(changed));

        assertThatThrownBy(() -> pull(name))
                .isInstanceOf(RegistryException.class)
                .hasMessageContaining("expected " + blob.digest());
        assertThat(directory.resolve("state/images/tmp/" + blob.digest().hex() + ".partial"))
                .doesNotExist();
        assertNothingHalfUnpacked(directory.resolve("state"));
        assertWhole(pull(name));
    }

    @Test
    void two_that_pull_at_once_get_each_blob_once_and_unpack_each_layer_once() throws Exception {
        var unpacked = new ConcurrentLinkedQueue<Digest>();
        Callable<Image> pull = () -> {
            try (var engine = engine()) {
                return engine.pull(ImageReference.parse(name), (step, content, done, total) -> {
                    if (step == Progress.Step.UNPACK && done == total) {
                        unpacked.add(content);
                    }
                });
            }
        };
        try (var threads = Executors.newFixedThreadPool(4)) {
            for (var pulled : threads.invokeAll(Collections.nCopies(4, pull))) {
                assertWhole(pulled.get());
            }
        }

        assertThat(unpacked).hasSize(3).doesNotHaveDuplicates();
        assertThat(registry.count("GET", "/blobs/")).isEqualTo(4);
    }

    @Test
    void two_hundred_layers_are_pulled_beside_each_other() throws IOException {
        var many = TestImage.unnamed();
        for (var i = 0; i < 200; i++) {
            many.gzipLayer(new TarBuilder().file("f" + i, "" + i).build());
        }
        var begin = Instant.now();
        var pulled = pull(registry.serve("many", "1", many));

        assertThat(pulled.layers()).hasSize(200);
        assertNothingPartial(directory.resolve("state"));
        assertThat(Duration.between(begin, Instant.now())).isLessThan(Duration.ofMinutes(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"blob", "layer"})
    void a_full_disk_is_said_with_what_is_missing_and_harms_nobody_else(String what) throws Exception {
        var small = Files.createDirectory(directory.resolve("small"));
        Mounts.tmpfs(small, 8 << 20, 0755, List.of(DetachedMount.Attribute.NO_SUID));
        try {
            var big = what.equals("blob")
                    // Of aufs: it takes no room but in the blob.
                    ? TestImage.unnamed()
                            .layer(new TarBuilder()
                                    .file(".wh..wh.big", 0644, noise(1, 12_000_000))
                                    .build())
                    : TestImage.unnamed()
                            .gzipLayer(new TarBuilder()
                                    .file("a", "a")
                                    .file("dir/big", 0644, new byte[12_000_000])
                                    .build());
            var reference = registry.serve("big", "1", big);
            var blob = big.blobs().getLast();
            // Beside it another pull waits for its last layer until the disk was full.
            var last = image.blobs().getLast();
            var full = new CountDownLatch(1);
            registry.when(last.digest().toString(), 1, exchange -> {
                try {
                    full.await(30, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                FakeRegistry.body(last.content()).handle(exchange);
            });
            try (var threads = Executors.newSingleThreadExecutor();
                    var engine = engine(small, UnpackLimits.DEFAULT)) {
                var others = new CountDownLatch(2);
                var other =
                        threads.submit(() -> engine.pull(ImageReference.parse(name), (step, content, done, total) -> {
                            if (step == Progress.Step.UNPACK && done == total) {
                                others.countDown();
                            }
                        }));
                assertThat(others.await(30, TimeUnit.SECONDS)).isTrue();
                assertThatThrownBy(() -> engine.pull(ImageReference.parse(reference), Progress.NONE))
                        .satisfies(e -> {
                            if (what.equals("layer")) {
                                assertThat(e)
                                        .isInstanceOf(SnapshotStorageException.class)
                                        .hasMessageContaining("no space left to unpack layer " + blob.digest())
                                        .hasMessageContaining("at dir/big")
                                        .hasMessageContaining("more bytes");
                            } else {
                                assertThat(e)
                                        .hasMessageContaining(small + "/images/tmp/"
                                                + blob.digest().hex())
                                        .hasMessageContaining("of " + blob.content().length)
                                        .hasMessageContaining("No space left on device");
                            }
                        });
                full.countDown();
                assertThat(other.get().digest()).isEqualTo(image.manifest().digest());
                assertNothingPartial(small);
                assertThat(engine.images().verify().isGood()).isTrue();
            }
        } finally {
            Mounts.unmount(small);
        }
    }
}
