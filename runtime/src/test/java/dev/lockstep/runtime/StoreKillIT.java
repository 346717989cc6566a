package dev.lockstep.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.StoredImage;
import dev.lockstep.runtime.prune.KeepRules;
import dev.lockstep.runtime.prune.PruneRecord;
import dev.lockstep.runtime.snapshot.Snapshots;
import dev.lockstep.runtime.snapshot.UnpackLimits;
import dev.lockstep.runtime.testing.ChildMachine;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A process that works on the store is killed at any moment; the store is as good as before, and the same work succeeds
 * afterwards. {@code lockstep.count} is the number of rounds × 20; {@code lockstep.seed.fixed} and
 * {@code lockstep.seed} decide when.
 */
class StoreKillIT {
    private static final int FILES = 40;
    private static final int FILE_BYTES = 20_000;

    private static ChildMachine machine;

    @TempDir
    private Path directory;

    private FakeRegistry registry;
    private Engine engine;
    private TestImage image;
    private String reference;
    private Path archive;
    private Path layout;

    @BeforeAll
    static void train(@TempDir Path scratch) throws IOException {
        var some = TestImage.unnamed().gzipLayer(layer(0));
        try (var registry = FakeRegistry.start()) {
            var everything = "1 40 " + registry.serve("shop/app", "1", some) + " "
                    + some.ociArchive(scratch.resolve("in.tar")) + " " + scratch.resolve("out.tar");
            machine = ChildMachine.trained(
                    scratch, StoreWork.BEGIN, StoreWork.class, StoreWork.ALL.name(), scratch.toString(), everything);
        }
    }

    @BeforeEach
    void open() throws IOException {
        registry = FakeRegistry.start();
        image = TestImage.unnamed();
        for (var layer = 0; layer < 4; layer++) {
            image.gzipLayer(layer(layer));
        }
        reference = registry.serve("shop/app", "1", image);
        archive = image.ociArchive(directory.resolve("in.tar"));
        layout = image.ociLayout(directory.resolve("in"));
        engine = StoreWork.engine(directory);
    }

    @AfterEach
    void close() throws IOException {
        engine.close();
        registry.close();
    }

    private static byte[] layer(int seed) {
        var chance = new Random(seed);
        var tar = new TarBuilder();
        for (var i = 0; i < FILES; i++) {
            var content = new byte[FILE_BYTES];
            chance.nextBytes(content);
            tar.file("l" + seed + "-" + i, 0644, content);
        }
        return tar.build();
    }

    private String argument(StoreWork work) {
        return switch (work) {
            case PULL -> reference;
            case PUSH -> registry.host() + "/pushed/app:1";
            case IMPORT -> layout.toString();
            case SAVE -> directory.resolve("out.tar").toString();
            case EXTRACT -> directory.resolve("tree").toString();
            case ROOTFS -> directory.resolve("rootfs.tar").toString();
            case COMMIT -> directory.resolve("step").toString();
            case LOAD, TAG, RM, UNPACK, VERIFY, PRUNE, ALL -> archive.toString();
        };
    }

    /** The store as it has to be before the work, so that there is something to do. */
    private void prepare(StoreWork work) throws IOException {
        engine.housekeeping().prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);
        switch (work) {
            case SAVE, TAG, UNPACK -> StoreWork.LOAD.run(engine, archive.toString());
            case RM, VERIFY, PRUNE -> {
                StoreWork.LOAD.run(engine, archive.toString());
                StoreWork.UNPACK.run(engine, "");
            }
            case PUSH -> {
                registry.forget("/pushed/");
                var name = ImageReference.parse(argument(work));
                engine.images().importArchive(archive, Optional.of(name), Progress.NONE);
            }
            case EXTRACT -> {
                StoreWork.LOAD.run(engine, archive.toString());
                deleteTree();
            }
            case ROOTFS -> Files.write(directory.resolve("rootfs.tar"), layer(9));
            case COMMIT -> {
                var step = Files.createDirectories(directory.resolve("step"));
                for (var i = 0; i < FILES; i++) {
                    Files.write(step.resolve("f" + i), new byte[FILE_BYTES]);
                }
            }
            case PULL, LOAD, IMPORT, ALL -> {
                // There is enough to do in an empty one.
            }
        }
    }

    private void deleteTree() throws IOException {
        var tree = directory.resolve("tree");
        if (Files.exists(tree)) {
            for (var file : tree.toFile().listFiles()) {
                Files.delete(file.toPath());
            }
            Files.delete(tree);
        }
    }

    /** All files of the image, or no such directory: {@code image unpack} leaves nothing that looks like it. */
    private void assertAllOrNothing(String when) {
        var tree = directory.resolve("tree").toFile();
        if (tree.exists()) {
            assertThat(tree.listFiles()).as(when).hasSize(4 * FILES).allMatch(file -> file.length() == FILE_BYTES);
        }
    }

    /** What {@code image unpack} had not finished is recognized and taken away by whoever comes next. */
    private void assertNothingBesideTheTree(String when) {
        assertThat(directory.toFile().list()).as(when).noneMatch(name -> name.endsWith(".tmp"));
        if (Files.exists(directory.resolve("state/unfinished"))) {
            assertThat(directory.resolve("state/unfinished")).as(when).isEmptyDirectory();
        }
    }

    private static void awaitReady(Process process) throws IOException {
        assertThat(process.inputReader().readLine()).isEqualTo("ready");
    }

    static Stream<Arguments> works() {
        return Stream.of(StoreWork.values())
                .filter(work -> work != StoreWork.ALL)
                .flatMap(work ->
                        Stream.of("lockstep.seed.fixed", "lockstep.seed").map(seed -> arguments(work, seed)));
    }

    @ParameterizedTest
    @MethodSource("works")
    void killed_at_any_moment_the_store_is_good_and_the_work_can_be_done_again(StoreWork work, String property)
            throws Exception {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var rounds = Math.max(1, Integer.getInteger("lockstep.count", 40) / 20);
        System.out.println(
                "kill test of " + work + ": seed " + Long.toUnsignedString(seed) + ", " + rounds + " rounds");
        var chance = new Random(seed);
        try (var row = work.new Row(machine, directory, argument(work))) {
            killed(work, row, rounds, chance, "seed " + Long.toUnsignedString(seed));
        }
    }

    private void killed(StoreWork work, StoreWork.Row row, int rounds, Random chance, String seed) throws Exception {
        prepare(work);
        var longest = undisturbed(row);
        for (var round = 0; round < rounds; round++) {
            prepare(work);
            var process = row.begin();
            awaitReady(process);
            if (!process.waitFor(chance.nextLong(longest), TimeUnit.MICROSECONDS)) {
                process.destroyForcibly();
            }
            process.waitFor();
            var when = work + ", " + seed + ", round " + round;
            assertGood(when);
            assertAllOrNothing(when);
            if (work == StoreWork.EXTRACT) {
                assertNothingBesideTheTree(when); // assertGood cleans up
                if (Files.exists(directory.resolve("tree"))) {
                    continue; // It was done before it was killed.
                }
            }
            work.run(engine, argument(work));
            assertGood(when);
            assertDone(work, when);
            assertNothingUnfinished(when);
        }
    }

    /** What a killed process left goes with the next housekeeping, once it is old. */
    private void assertNothingUnfinished(String when) throws IOException {
        InstantSource later = () -> Instant.now().plus(Duration.ofHours(2));
        try (var change = new ImageStore(engine.root(), Platform.current(), later).change()) {
            change.sweep(Set.of(), Set.of());
            new Snapshots(engine.root(), engine.images().blobs(), UnpackLimits.DEFAULT, later)
                    .collect(change.layersInUse(Set.of()), Set.of(), Optional.empty());
        }
        if (engine.images().list().isEmpty()) {
            assertThat(directory.resolve("state/snapshots")).as(when).isEmptyDirectory();
            assertThat(directory.resolve("state/images/blobs/sha256")).as(when).isEmptyDirectory();
        }
        assertThat(directory.resolve("state/images/tmp")).as(when).isEmptyDirectory();
        assertNothingBesideTheTree(when);
        assertThat(directory.resolve("run/locks/image-lease")).as(when).isEmptyDirectory();
        assertThat(engine.images().verify().isGood()).as(when).isTrue();
    }

    /** Microseconds that the work takes when nobody kills it. */
    private long undisturbed(StoreWork.Row row) throws Exception {
        var process = row.begin();
        awaitReady(process);
        var begin = System.nanoTime();
        assertThat(process.waitFor())
                .as(Files.readString(directory.resolve("err")))
                .isZero();
        return TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - begin) + 1;
    }

    private void assertGood(String when) throws IOException {
        assertThat(engine.images().verify().isGood()).as(when).isTrue();
        assertThat(engine.images().catalog().images())
                .as(when)
                .extracting(StoredImage::whole)
                .allMatch(Optional::isPresent);
        try (var change = engine.images().change()) {
            assertThat(change.leases()).as(when).isEmpty();
        }
        engine.snapshots().cleanUp();
        for (var layer : directory.resolve("state/snapshots").toFile().listFiles()) {
            assertThat(layer.getName()).as(when).matches("[0-9a-f]{64}");
            assertThat(layer.listFiles()).as(when).hasSize(FILES).allMatch(file -> file.length() == FILE_BYTES);
        }
    }

    private void assertDone(StoreWork work, String when) throws IOException {
        var images = engine.images().catalog().images();
        if (work == StoreWork.PRUNE || work == StoreWork.RM) {
            assertThat(images).as(when).isEmpty();
            return;
        }
        if (work == StoreWork.ROOTFS) {
            assertThat(images)
                    .as(when)
                    .filteredOn(image -> !image.isDangling())
                    .singleElement()
                    .satisfies(image -> assertThat(
                                    engine.snapshots().unpack(image.whole().orElseThrow(), Progress.NONE))
                            .hasSize(1));
            return;
        }
        if (work == StoreWork.COMMIT) {
            assertThat(engine.snapshots().all()).as(when).isNotEmpty().allSatisfy(layer -> {
                assertThat(engine.images().blobs().has(layer)).isTrue();
                assertThat(engine.snapshots().verify(new Layer(layer, layer, MediaType.OCI_LAYER, 0, List.of())))
                        .isEmpty();
            });
            return;
        }
        assertThat(images)
                .as(when)
                .extracting(StoredImage::digest)
                .containsExactly(image.manifest().digest());
        switch (work) {
            case UNPACK, VERIFY, PULL ->
                assertThat(directory.resolve("state/snapshots").toFile().list())
                        .as(when)
                        .hasSize(4);
            case TAG -> assertThat(images.getFirst().names()).as(when).hasSize(StoreWork.NAMES);
            case SAVE -> {
                StoreWork.PRUNE.run(engine, "");
                StoreWork.LOAD.run(engine, argument(work));
                assertThat(engine.images().find(image.manifest().digest()))
                        .as(when)
                        .isPresent();
            }
            case PUSH -> {
                var blobs = image.blobs().stream().map(b -> "/v2/pushed/app/blobs/" + b.digest());
                assertThat(blobs)
                        .as(when)
                        .allMatch(path -> registry.content(path).isPresent());
                assertThat(registry.content("/v2/pushed/app/manifests/1"))
                        .as(when)
                        .isPresent();
            }
            case EXTRACT ->
                assertThat(directory.resolve("tree").toFile().listFiles())
                        .as(when)
                        .hasSize(4 * FILES);
            case LOAD, IMPORT, RM, PRUNE, ROOTFS, COMMIT, ALL -> {
                // Seen above.
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void eight_processes_do_everything_at_once_and_what_is_needed_stays(String property) throws Exception {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var times = Math.max(5, Integer.getInteger("lockstep.count", 40) / 10);
        var needed = TestImage.unnamed().gzipLayer(layer(0)).gzipLayer(layer(99));
        StoreWork.LOAD.run(
                engine, needed.ociArchive(directory.resolve("needed.tar")).toString());
        StoreWork.UNPACK.run(engine, "");
        engine.images()
                .roots()
                .register("stack.shop.wanted", Set.of(needed.manifest().digest()));
        System.out.println(
                "all at once: seed " + Long.toUnsignedString(seed) + ", " + times + " times in each of 8 processes");

        var processes = new ArrayList<Process>();
        for (var i = 0; i < 8; i++) {
            var argument = (seed + i) + " " + times + " " + reference + " " + archive + " "
                    + directory.resolve("out" + i + ".tar");
            processes.add(StoreWork.ALL.start(machine, directory, argument));
        }
        for (var process : processes) {
            assertThat(process.waitFor())
                    .as("seed " + Long.toUnsignedString(seed) + ": " + Files.readString(directory.resolve("err")))
                    .isZero();
        }

        var image = engine.images().find(needed.manifest().digest());
        assertThat(image).isPresent();
        for (var layer : image.get().layers()) {
            assertThat(engine.snapshots().has(layer.diffId())).isTrue();
        }
        assertThat(engine.housekeeping().verify().isGood()).isTrue();
        StoreWork.PRUNE.run(engine, "");
        assertNothingUnfinished("after all");
        assertThat(engine.images().find(needed.manifest().digest())).isPresent();
    }

    @ParameterizedTest
    @EnumSource(names = {"PULL", "PUSH", "LOAD", "UNPACK"})
    void two_processes_do_the_same_at_once(StoreWork work) throws Exception {
        prepare(work);
        var processes =
                List.of(work.start(machine, directory, argument(work)), work.start(machine, directory, argument(work)));
        for (var process : processes) {
            awaitReady(process);
        }
        for (var process : processes) {
            assertThat(process.waitFor())
                    .as(Files.readString(directory.resolve("err")))
                    .isZero();
        }

        assertGood(work.toString());
        assertDone(work, work.toString());
        if (work == StoreWork.PULL) {
            // Whoever comes second waits for each blob, and finds it.
            assertThat(registry.requests())
                    .filteredOn(request -> request.path().contains("/blobs/"))
                    .hasSize(5);
        }
    }

    @Test
    void what_is_being_unpacked_stays_while_its_process_lives_and_not_a_moment_longer() throws Exception {
        prepare(StoreWork.EXTRACT);
        var process = StoreWork.EXTRACT.start(machine, directory, argument(StoreWork.EXTRACT));
        awaitReady(process);
        while (process.isAlive() && unfinished().isEmpty()) {
            Thread.onSpinWait();
        }
        signal(process, "STOP");
        assertThat(unfinished()).as("stopped in the middle").hasSize(1);

        engine.cleanUp();
        assertThat(unfinished()).hasSize(1);

        process.destroyForcibly().waitFor();
        assertThat(unfinished()).hasSize(1);
        StoreWork.EXTRACT.run(engine, argument(StoreWork.EXTRACT));

        assertNothingBesideTheTree("after the next one");
        assertDone(StoreWork.EXTRACT, "after the next one");
    }

    private List<String> unfinished() {
        return Stream.of(directory.toFile().list())
                .filter(name -> name.startsWith(".tree."))
                .toList();
    }

    private static void signal(Process process, String signal) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    @Test
    void prunes_without_end_do_not_disturb_a_pull() throws Exception {
        var pull = StoreWork.PULL.start(machine, directory, reference);
        awaitReady(pull);
        while (!pull.waitFor(1, TimeUnit.MILLISECONDS)) {
            engine.housekeeping().prune(KeepRules.NAMED, PruneRecord.Trigger.HAND);
        }

        assertThat(pull.exitValue())
                .as(Files.readString(directory.resolve("err")))
                .isZero();
        assertGood("after a pull");
        assertThat(engine.images().find(ImageReference.parse(reference))).isPresent();
    }

    @Test
    void a_push_holds_what_it_sends_when_its_name_is_taken_away_meanwhile() throws Exception {
        prepare(StoreWork.PUSH);
        var name = ImageReference.parse(argument(StoreWork.PUSH));
        var begun = new CountDownLatch(1);
        var pruned = new CountDownLatch(1);
        registry.when(exchange -> exchange.getRequestMethod().equals("POST"), 1, exchange -> {
            begun.countDown();
            try {
                pruned.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            registry.answer(exchange);
        });
        try (var threads = Executors.newSingleThreadExecutor()) {
            var push = threads.submit(() -> engine.push(name, Progress.NONE));
            begun.await();
            try (var change = engine.images().change()) {
                assertThat(change.leases()).anyMatch(lease -> lease.why().startsWith("push of "));
                change.drop(image.manifest().digest());
                change.write();
            }
            engine.housekeeping().prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);
            pruned.countDown();

            assertThat(push.get().digest()).isEqualTo(image.manifest().digest());
        }
        assertThat(registry.content("/v2/pushed/app/manifests/1")).isPresent();
    }

    @Test
    void what_went_bad_on_the_disk_is_found_and_pulled_again() throws IOException {
        StoreWork.PULL.run(engine, reference);
        var blobs = image.blobs().stream().map(TestImage.Blob::digest).toList();
        for (var blob : blobs) {
            Files.write(engine.images().blobs().path(blob), new byte[] {1, 2, 3});
        }

        assertThat(engine.images().verify().damaged()).hasSize(blobs.size());
        var pulled = engine.pull(ImageReference.parse(reference), Progress.NONE);

        assertThat(engine.images().verify().isGood()).isTrue();
        assertThat(engine.snapshots().unpack(pulled, Progress.NONE)).hasSize(4);
    }
}
