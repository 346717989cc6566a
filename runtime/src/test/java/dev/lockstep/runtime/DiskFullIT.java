package dev.lockstep.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.NoSpace;
import dev.lockstep.runtime.prune.KeepRules;
import dev.lockstep.runtime.prune.PruneRecord;
import dev.lockstep.runtime.prune.PruneRecords;
import dev.lockstep.runtime.registry.RegistrySettings;
import dev.lockstep.runtime.snapshot.UnpackLimits;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store on a file system of four megabytes. */
class DiskFullIT {
    private static final long SIZE = 4 << 20;
    private static final KeepRules EVERYTHING = new KeepRules(true, Duration.ofDays(1), 100, Optional.empty());

    @TempDir
    private Path directory;

    private Path small;
    private Engine engine;

    @BeforeEach
    void open() throws IOException {
        small = Files.createDirectory(directory.resolve("small"));
        Mounts.tmpfs(small, SIZE, 0755, List.of(DetachedMount.Attribute.NO_SUID));
        engine = engine(EVERYTHING);
    }

    private Engine engine(KeepRules keep) throws IOException {
        return Engine.open(new EngineOptions(
                small.resolve("state"),
                directory.resolve("run"),
                "test",
                Optional.of(Path.of("/l")),
                true,
                RegistrySettings.anonymous(),
                UnpackLimits.DEFAULT,
                keep));
    }

    @AfterEach
    void unmount() throws IOException {
        engine.close();
        Mounts.unmount(small);
    }

    /** An image whose layer has so many bytes that nothing makes smaller. */
    private static TestImage image(String name, int bytes) {
        var content = new byte[bytes];
        new Random(name.hashCode()).nextBytes(content);
        return TestImage.named(name)
                .layer(new TarBuilder().file("big", 0644, content).build());
    }

    private Digest load(TestImage image) throws IOException {
        return engine.images()
                .importArchive(image.ociArchive(directory.resolve("in.tar")), Optional.empty(), Progress.NONE)
                .getFirst()
                .digest();
    }

    private void assertUnharmed(Digest... images) throws IOException {
        assertThat(small.resolve("state/images/tmp"))
                .isDirectoryNotContaining(file -> !file.toString().endsWith(".partial"));
        assertThat(engine.images().verify().isGood()).isTrue();
        assertThat(engine.images().list()).extracting(tagged -> tagged.digest()).containsOnly(images);
    }

    @Test
    void an_archive_that_does_not_fit_leaves_nothing_and_the_next_one_fits() throws IOException {
        var before = load(image("before:1", 500_000));

        assertThatThrownBy(() -> load(image("big:1", 5_000_000)))
                .isInstanceOf(IOException.class)
                .satisfies(e -> assertThat(NoSpace.isWhy(e)).isTrue())
                .hasMessageContaining("no room for blobs/sha256/")
                .hasMessageContaining(small.toString());

        assertUnharmed(before);
        var after = load(image("after:1", 500_000));
        assertUnharmed(before, after);
    }

    /** Makes what is here look as if it had come an hour ago, and not while the pull begins. */
    private void age() throws IOException {
        try (var blobs = Files.list(small.resolve("state/images/blobs/sha256"))) {
            for (var blob : (Iterable<Path>) blobs::iterator) {
                Files.setLastModifiedTime(blob, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
            }
        }
    }

    /** Leaves no byte free. */
    private Path fill() throws IOException {
        var filler = small.resolve("filler");
        try (var out = Files.newOutputStream(filler)) {
            while (true) {
                out.write(new byte[4096]);
            }
        } catch (IOException e) {
            return filler;
        }
    }

    @Test
    void a_name_that_cannot_be_written_changes_nothing() throws IOException {
        var digest = load(image("before:1", 500_000));
        var filler = fill();

        assertThatThrownBy(() -> engine.images().tag(digest, ImageReference.parse("other:1")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("index.json");
        assertThatThrownBy(() -> engine.images().roots().register("stack.x", Set.of(digest)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("stack.x");

        assertThat(engine.images().list()).hasSize(1);
        assertUnharmed(digest);
        Files.delete(filler);
        engine.images().tag(digest, ImageReference.parse("other:1"));
        assertThat(engine.images().list()).hasSize(2);
    }

    @Test
    void housekeeping_works_on_a_full_disk() throws IOException {
        load(image("spare:1", 1_000_000));
        fill();

        assertThat(engine.housekeeping()
                        .prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND)
                        .removed())
                .hasSize(1);
        assertUnharmed();
        assertThat(small.resolve("state/images/blobs/sha256")).isEmptyDirectory();
    }

    @Test
    void files_that_do_not_fit_leave_no_directory_and_the_store_is_unharmed() throws IOException {
        var digest = load(image("app:1", 1_000_000));
        var whole = engine.images().find(digest).orElseThrow();
        engine.snapshots().unpack(whole, Progress.NONE);
        var other = Files.createDirectory(directory.resolve("other"));
        Mounts.tmpfs(other, 256 << 10, 0755, List.of(DetachedMount.Attribute.NO_SUID));
        try {
            for (var target : List.of(other.resolve("new"), Files.createDirectory(other.resolve("empty")))) {
                assertThatThrownBy(() -> engine.snapshots().extract(whole, target, Progress.NONE))
                        .isInstanceOf(IOException.class)
                        .satisfies(e -> assertThat(NoSpace.isWhy(e)).isTrue());
            }
            assertThat(other).isDirectoryNotContaining(file -> !file.endsWith("empty"));
            assertThat(other.resolve("empty")).isEmptyDirectory();
        } finally {
            Mounts.unmount(other);
        }
        assertUnharmed(digest);
        assertThat(engine.housekeeping().verify().isGood()).isTrue();
    }

    @Test
    void an_archive_without_end_is_stopped_by_the_disk_and_leaves_nothing() throws IOException {
        var head = new TarBuilder()
                .member(new TarBuilder.Member("blobs/sha256/endless", '0').size(1L << 32))
                .unfinished();
        var noise = new InputStream() {
            @Override
            public int read() {
                return 'x';
            }
        };

        assertThatThrownBy(() -> engine.images()
                        .importArchive(
                                new SequenceInputStream(new ByteArrayInputStream(head), new BufferedInputStream(noise)),
                                Optional.empty(),
                                Progress.NONE))
                .hasMessageContaining("no room for blobs/sha256/endless");
        assertThatThrownBy(() -> engine.images()
                        .importRootfs(
                                new SequenceInputStream(new ByteArrayInputStream(head), new BufferedInputStream(noise)),
                                Optional.empty(),
                                List.of(),
                                ""))
                .hasMessageContaining("no room for the archive");

        assertUnharmed();
        assertThat(small.resolve("state/images/tmp")).isEmptyDirectory();
    }

    @Test
    void a_pull_that_does_not_fit_goes_on_where_it_stopped_when_there_is_room() throws IOException {
        try (var registry = FakeRegistry.start()) {
            var reference = ImageReference.parse(registry.serve("shop/app", "1", image("app:1", 1_900_000)));
            var needed = load(image("needed:1", 1_300_000));

            assertThatThrownBy(() -> engine.pull(reference, Progress.NONE))
                    .satisfies(e -> assertThat(NoSpace.isWhy(e)).isTrue())
                    .hasMessageContaining(small.toString());
            assertUnharmed(needed);

            engine.housekeeping().prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);
            assertThat(engine.pull(reference, Progress.NONE).layers()).hasSize(1);
        }
    }

    @Test
    void for_a_pull_what_nobody_needs_goes_by_the_rules_and_what_is_needed_stays() throws IOException {
        engine.close();
        engine = engine(KeepRules.NOTHING);
        try (var registry = FakeRegistry.start()) {
            var reference = ImageReference.parse(registry.serve("shop/app", "1", image("app:1", 1_300_000)));
            var needed = load(image("needed:1", 700_000));
            engine.images().roots().register("stack.shop.wanted", Set.of(needed));
            load(image("spare:1", 1_500_000));
            age();

            var pulled = engine.pull(reference, Progress.NONE);

            assertUnharmed(needed, pulled.digest());
            assertThat(new PruneRecords(engine.root()).all()).singleElement().satisfies(record -> {
                assertThat(record.trigger()).isEqualTo(PruneRecord.Trigger.DISK);
                assertThat(record.removed())
                        .singleElement()
                        .satisfies(removed -> assertThat(removed.names()).containsExactly("spare:1"));
            });
        }
    }
}
