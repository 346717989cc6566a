package dev.lockstep.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.StoredImage;
import dev.lockstep.runtime.prune.KeepRules;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A process that works on the store is killed at any moment; the store is as good as before, and the same work succeeds
 * afterwards. {@code lockstep.count} is the number of rounds × 10; {@code lockstep.seed.fixed} and
 * {@code lockstep.seed} decide when.
 */
class StoreKillIT {
    private static final int FILES = 40;
    private static final int FILE_BYTES = 20_000;

    @TempDir
    private Path directory;

    private FakeRegistry registry;
    private Engine engine;
    private TestImage image;
    private String reference;
    private Path archive;

    @BeforeEach
    void open() throws IOException {
        registry = FakeRegistry.start();
        image = TestImage.unnamed();
        for (var layer = 0; layer < 4; layer++) {
            image.gzipLayer(layer(layer));
        }
        reference = registry.serve("shop/app", "1", image);
        archive = image.ociArchive(directory.resolve("in.tar"));
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
        return work == StoreWork.PULL ? reference : archive.toString();
    }

    /** The store as it has to be before the work, so that there is something to do. */
    private void prepare(StoreWork work) throws IOException {
        engine.housekeeping().prune(KeepRules.NOTHING, false);
        if (work == StoreWork.UNPACK || work == StoreWork.PRUNE) {
            StoreWork.LOAD.run(engine, archive.toString());
        }
        if (work == StoreWork.PRUNE) {
            StoreWork.UNPACK.run(engine, "");
        }
    }

    private static void awaitReady(Process process) throws IOException {
        assertThat(process.inputReader().readLine()).isEqualTo("ready");
    }

    @ParameterizedTest
    @CsvSource({
        "PULL, lockstep.seed.fixed", "PULL, lockstep.seed", "LOAD, lockstep.seed.fixed", "LOAD, lockstep.seed",
        "UNPACK, lockstep.seed.fixed", "UNPACK, lockstep.seed", "PRUNE, lockstep.seed.fixed", "PRUNE, lockstep.seed"
    })
    void killed_at_any_moment_the_store_is_good_and_the_work_can_be_done_again(StoreWork work, String property)
            throws Exception {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var rounds = Math.max(1, Integer.getInteger("lockstep.count", 30) / 10);
        System.out.println(
                "kill test of " + work + ": seed " + Long.toUnsignedString(seed) + ", " + rounds + " rounds");
        var chance = new Random(seed);
        prepare(work);
        var longest = undisturbed(work);
        for (var round = 0; round < rounds; round++) {
            prepare(work);
            var process = work.start(directory, argument(work));
            awaitReady(process);
            if (!process.waitFor(chance.nextLong(longest), TimeUnit.MICROSECONDS)) {
                process.destroyForcibly();
            }
            process.waitFor();
            var when = work + ", seed " + Long.toUnsignedString(seed) + ", round " + round;
            assertGood(when);
            work.run(engine, argument(work));
            assertGood(when);
            assertDone(work, when);
        }
    }

    /** Microseconds that the work takes when nobody kills it. */
    private long undisturbed(StoreWork work) throws Exception {
        var process = work.start(directory, argument(work));
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
        if (work == StoreWork.PRUNE) {
            assertThat(images).as(when).isEmpty();
            return;
        }
        assertThat(images)
                .as(when)
                .extracting(StoredImage::digest)
                .containsExactly(image.manifest().digest());
        if (work == StoreWork.UNPACK) {
            assertThat(directory.resolve("state/snapshots").toFile().list())
                    .as(when)
                    .hasSize(4);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"PULL", "LOAD", "UNPACK"})
    void two_processes_do_the_same_at_once(StoreWork work) throws Exception {
        prepare(work);
        var processes = List.of(work.start(directory, argument(work)), work.start(directory, argument(work)));
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
    void prunes_without_end_do_not_disturb_a_pull() throws Exception {
        var pull = StoreWork.PULL.start(directory, reference);
        awaitReady(pull);
        while (!pull.waitFor(1, TimeUnit.MILLISECONDS)) {
            engine.housekeeping().prune(KeepRules.NAMED, false);
        }

        assertThat(pull.exitValue())
                .as(Files.readString(directory.resolve("err")))
                .isZero();
        assertGood("after a pull");
        assertThat(engine.images().find(ImageReference.parse(reference))).isPresent();
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
