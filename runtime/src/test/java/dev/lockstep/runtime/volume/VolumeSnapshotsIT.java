package dev.lockstep.runtime.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.copy.Copying;
import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.DeviceNumber;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TreeListing;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies of volumes, with everything that files can be, and what becomes of them when something goes wrong. */
class VolumeSnapshotsIT {
    private static final VolumeSnapshot.Consistency STOPPED = VolumeSnapshot.Consistency.STOPPED;
    private static final Volumes.Check NO_CHECK = () -> {};

    @TempDir
    Path directory;

    private Volumes volumes;
    private VolumeSnapshots snapshots;

    @BeforeEach
    void open() throws IOException {
        in(directory);
    }

    private void in(Path where) throws IOException {
        var root = Root.open(where.resolve("state"), where.resolve("run"));
        volumes = new Volumes(root, Clock.systemUTC());
        snapshots = new VolumeSnapshots(root, volumes, Clock.systemUTC());
    }

    private Path volume(String name) throws IOException {
        volumes.create(new VolumeSpec(name, new Owner("h", "shop", Optional.empty()), Map.of("a", "b")));
        return volumes.path(name);
    }

    /** All kinds of files; the volume's own directory is a user's. */
    private void fill(Path data) throws IOException {
        Files.createDirectories(data.resolve("deep/er"));
        Files.writeString(data.resolve("deep/er/file"), "content");
        Files.createLink(data.resolve("deep/second"), data.resolve("deep/er/file"));
        Files.createLink(data.resolve("third"), data.resolve("deep/er/file"));
        Files.createSymbolicLink(data.resolve("link"), Path.of("/etc/passwd"));
        Files.createSymbolicLink(data.resolve("directory-link"), Path.of("/etc"));
        try (var sparse = new RandomAccessFile(data.resolve("sparse").toFile(), "rw")) {
            sparse.seek(20 << 20);
            sparse.write(1);
            sparse.setLength(40 << 20);
        }
        Files.writeString(data.resolve("latin-\u00e9"), "x");
        try (var open = Directory.open(data)) {
            open.makeNode(RawPath.of("fifo"), FileStatus.Type.FIFO, DeviceNumber.NONE);
            open.makeNode(RawPath.of("null"), FileStatus.Type.CHARACTER_DEVICE, new DeviceNumber(1, 3));
            open.setAttribute(RawPath.of("latin-\u00e9"), "trusted.test", new byte[] {1, 2});
            open.setOwner(RawPath.of("latin-\u00e9"), 1000, 3_000_000);
            open.setMode(RawPath.of("latin-\u00e9"), 04751);
            open.setOwner(RawPath.of("."), 999, 998);
            open.setMode(RawPath.of("."), 01700);
            for (var name : List.of("deep", "third", "link", ".")) {
                open.setModified(RawPath.of(name), Instant.parse("2001-02-03T04:05:06.789Z"));
            }
        }
    }

    private static long blocks(Path file) throws IOException {
        return ((Number) Files.getAttribute(file, "unix:size")).longValue() == 0 ? 0 : allocated(file);
    }

    private static long allocated(Path file) throws IOException {
        var process = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
        return Long.parseLong(new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip());
    }

    @Test
    void a_copy_is_equal_in_everything_and_holes_stay_holes() throws IOException {
        var data = volume("data");
        fill(data);

        var taken = snapshots.take("data", "one", STOPPED);

        assertThat(TreeListing.of(snapshots.path(taken))).isEqualTo(TreeListing.of(data));
        assertThat(blocks(snapshots.path(taken).resolve("sparse"))).isEqualTo(blocks(data.resolve("sparse")));
        assertThat(snapshots.list("data")).containsExactly(taken);
        assertThat(snapshots.list()).containsExactly(taken);
    }

    @Test
    void what_was_in_the_volume_comes_back_whatever_happened_to_it() throws IOException {
        var data = volume("data");
        fill(data);
        var before = TreeListing.of(data);
        var taken = snapshots.take("data", "one", STOPPED);
        Files.delete(data.resolve("third"));
        Files.writeString(data.resolve("deep/er/file"), "changed");
        Files.writeString(data.resolve("new"), "new");

        snapshots.restore(taken, NO_CHECK);

        assertThat(TreeListing.of(data)).isEqualTo(before);
        // The snapshot is no part of the volume: changes of one are none of the other.
        Files.writeString(data.resolve("third"), "changed again");
        assertThat(snapshots.path(taken).resolve("third")).hasContent("content");
        assertThat(data.resolveSibling(".").toFile().list()).containsExactlyInAnyOrder("data", "volume.json");
    }

    @Test
    void a_snapshot_outlives_its_volume_and_makes_it_again() throws IOException {
        fill(volume("data"));
        var before = TreeListing.of(volumes.path("data"));
        var record = volumes.find("data").orElseThrow();
        var taken = snapshots.take("data", "one", STOPPED);
        volumes.remove("data");

        snapshots.restore(taken, NO_CHECK);

        assertThat(TreeListing.of(volumes.path("data"))).isEqualTo(before);
        assertThat(volumes.find("data").orElseThrow().spec()).isEqualTo(record.spec());
        // A container that starts now must not copy its image's content over it.
        assertThat(volumes.find("data").orElseThrow().populated()).isTrue();
    }

    @Test
    void an_anonymous_volume_comes_back_as_the_same_slots() throws IOException {
        var anonymous = volumes.anonymous(new Owner("h", "shop", Optional.empty()), "web", 1, "/cache", Map.of());
        var taken = snapshots.take(anonymous.spec().name(), "one", STOPPED);
        volumes.remove(anonymous.spec().name());

        snapshots.restore(taken, NO_CHECK);

        assertThat(volumes.find(anonymous.spec().name()).orElseThrow().slot()).isEqualTo(anonymous.slot());
    }

    @Test
    void where_the_volume_must_stay_it_stays() throws IOException {
        var data = volume("data");
        Files.writeString(data.resolve("file"), "old");
        var taken = snapshots.take("data", "one", STOPPED);
        Files.writeString(data.resolve("file"), "new");

        assertThatThrownBy(() -> snapshots.restore(taken, () -> {
                    throw new IOException("somebody uses it");
                }))
                .hasMessage("somebody uses it");

        assertThat(data.resolve("file")).hasContent("new");
    }

    @Test
    void the_last_look_for_users_is_taken_when_none_can_come() throws IOException {
        volume("data");
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var couldMount = new ArrayList<Boolean>();
        volumes.replace(
                "data",
                () -> {
                    var free = Flock.tryLasting(root.lock("volume-mount/data"));
                    couldMount.add(free.isPresent());
                    free.ifPresent(Flock::close);
                },
                target -> {});
        assertThat(couldMount).startsWith(true).endsWith(false);
    }

    @Test
    void content_that_breaks_off_changes_nothing() throws IOException {
        var data = volume("data");
        Files.writeString(data.resolve("file"), "old");

        assertThatThrownBy(() -> volumes.replace("data", NO_CHECK, target -> {
                    Files.writeString(target.resolve("half"), "half");
                    throw new IOException("broke off");
                }))
                .hasMessage("broke off");

        assertThat(data.toFile().list()).containsExactly("file");
        assertThat(data.resolveSibling(".").toFile().list()).containsExactlyInAnyOrder("data", "volume.json");
    }

    @Test
    void what_a_killed_process_left_is_no_snapshot_and_goes_with_the_next_clean_up() throws IOException {
        var data = volume("data");
        Files.createDirectories(data.resolveSibling(".coming.1.tmp/half"));
        snapshots.take("data", "one", STOPPED);
        var place = directory.resolve("state/volume-snapshots/data");
        Files.move(place.resolve("one"), place.resolve(".coming"));
        assertThat(snapshots.list()).isEmpty();

        volumes.cleanUp();
        snapshots.cleanUp();

        assertThat(data.resolveSibling(".coming.1.tmp")).doesNotExist();
        assertThat(directory.resolve("state/volume-snapshots")).isEmptyDirectory();
        assertThat(data).exists();
    }

    /** Whoever removes one and is killed leaves none, whose name is free. */
    @Test
    void a_removal_that_was_killed_is_finished_and_keeps_no_name() throws IOException {
        Files.writeString(volume("data").resolve("file"), "x");
        snapshots.take("data", "one", STOPPED);
        snapshots.take("data", "two", STOPPED);
        var place = directory.resolve("state/volume-snapshots/data");
        Files.move(place.resolve("one"), place.resolve(".gone"));
        // As those of earlier versions did it.
        Files.delete(place.resolve("two/snapshot.json"));
        assertThat(snapshots.list()).isEmpty();

        assertThat(snapshots.take("data", "two", STOPPED).name()).isEqualTo("two");
        Files.delete(place.resolve("two/snapshot.json"));
        snapshots.cleanUp();

        assertThat(directory.resolve("state/volume-snapshots")).isEmptyDirectory();
        snapshots.take("data", "one", STOPPED);
        snapshots.remove("data", "one");
        assertThat(directory.resolve("state/volume-snapshots")).isEmptyDirectory();
    }

    /** What is in it may be all that somebody has. */
    @Test
    void a_snapshot_whose_record_is_damaged_is_left_alone() throws IOException {
        Files.writeString(volume("data").resolve("file"), "x");
        snapshots.take("data", "one", STOPPED);
        var place = directory.resolve("state/volume-snapshots/data/one");
        Files.writeString(place.resolve("snapshot.json"), "{");

        snapshots.cleanUp();

        assertThat(place.resolve("data/file")).hasContent("x");
        assertThatThrownBy(() -> snapshots.take("data", "one", STOPPED)).hasMessageContaining("already");
        snapshots.remove("data", "one");
        assertThat(directory.resolve("state/volume-snapshots")).isEmptyDirectory();
    }

    /** Who made it was killed before its record was whole. */
    @Test
    void a_volume_that_was_half_made_goes_and_one_that_only_lost_its_record_stays() throws IOException {
        var half = volume("half");
        var lost = volume("lost");
        Files.writeString(lost.resolve("precious"), "x");
        for (var data : List.of(half, lost)) {
            Files.move(data.resolveSibling("volume.json"), data.resolveSibling(".volume.json.1234.tmp"));
        }
        Files.createDirectory(half.resolveSibling("..").resolve("no volume"));

        volumes.cleanUp();

        assertThat(half.getParent()).doesNotExist();
        assertThat(lost.resolve("precious")).hasContent("x");
        assertThat(lost.resolveSibling(".volume.json.1234.tmp")).doesNotExist();
        // It can be had again under its name, with what is in it.
        assertThat(volume("lost").resolve("precious")).exists();
    }

    @Test
    void names_are_checked_and_taken_once() throws IOException {
        volume("data");
        snapshots.take("data", "one", STOPPED);
        assertThatThrownBy(() -> snapshots.take("data", "one", STOPPED))
                .hasMessage("volume data has a snapshot one already");
        assertThatThrownBy(() -> snapshots.take("none", "one", STOPPED)).hasMessage("no such volume: none");
        for (var name : List.of("", ".", "..", ".coming", "a/b", "../x", "a b")) {
            assertThatThrownBy(() -> snapshots.take("data", name, STOPPED))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> snapshots.take(name, "one", STOPPED)).isInstanceOf(IllegalArgumentException.class);
        }
        snapshots.remove("data", "one");
        snapshots.remove("data", "one");
        assertThat(snapshots.list()).isEmpty();
        assertThat(directory.resolve("state/volume-snapshots")).isEmptyDirectory();
    }

    @Test
    void snapshots_come_by_age() throws IOException {
        volume("b");
        volume("a");
        for (var name : List.of("z", "m", "k")) {
            snapshots.take("b", name, STOPPED);
        }
        snapshots.take("a", "x", VolumeSnapshot.Consistency.PAUSED);
        assertThat(snapshots.list())
                .extracting(s -> s.volume().name() + "/" + s.name())
                .containsExactly("a/x", "b/z", "b/m", "b/k");
        snapshots.remove("b", "m");
        assertThat(snapshots.list("b")).extracting(VolumeSnapshot::name).containsExactly("z", "k");
    }

    @Test
    void a_full_disk_leaves_the_volume_and_nothing_half() throws IOException {
        var small = Files.createDirectory(directory.resolve("small"));
        Mounts.tmpfs(small, 3 << 20, 0755, List.of(DetachedMount.Attribute.NO_SUID));
        try {
            in(small);
            var data = volume("data");
            Files.write(data.resolve("big"), new byte[1 << 20]);
            var first = snapshots.take("data", "first", STOPPED);
            Files.write(data.resolve("more"), new byte[900 << 10]);
            var before = TreeListing.of(data);

            assertThatThrownBy(() -> snapshots.take("data", "second", STOPPED)).hasMessageContaining("no space left");
            assertThatThrownBy(() -> snapshots.restore(first, NO_CHECK)).hasMessageContaining("no space left");

            assertThat(TreeListing.of(data)).isEqualTo(before);
            assertThat(snapshots.list()).containsExactly(first);
            assertThat(small.resolve("state/volume-snapshots/data").toFile().list())
                    .containsExactly("first");
            assertThat(data.resolveSibling(".").toFile().list()).containsExactlyInAnyOrder("data", "volume.json");
        } finally {
            Mounts.unmount(small);
        }
    }

    @Test
    void directories_without_end_are_refused() throws IOException {
        var at = Directory.open(volume("data"));
        for (var depth = 0; depth < 5100; depth++) {
            at.makeDirectory(RawPath.of("d"), 0700);
            var below = at.directory(RawPath.of("d"));
            at.close();
            at = below;
        }
        at.close();

        assertThatThrownBy(() -> snapshots.take("data", "one", STOPPED))
                .hasMessageContaining("nested more than 5000 deep");

        assertThat(directory.resolve("state/volume-snapshots")).isEmptyDirectory();
        volumes.remove("data");
    }

    @Test
    void an_archive_of_a_volume_fills_another_one_with_the_same() throws IOException {
        var data = volume("data");
        fill(data);
        var archive = new ByteArrayOutputStream();
        try (var root = Directory.open(data)) {
            Copying.archive(new Copying.End(root, "/", "in volume data"), false, archive);
        }
        volume("copy");

        volumes.replace("copy", NO_CHECK, target -> {
            try (var into = Directory.open(target)) {
                assertThat(Copying.fill(new ByteArrayInputStream(archive.toByteArray()), into))
                        .isEmpty();
            }
        });

        assertThat(TreeListing.of(volumes.path("copy"))).isEqualTo(TreeListing.of(data));
    }

    @Test
    void one_whose_record_is_damaged_is_named_and_hides_no_other() throws IOException {
        volume("data");
        volume("other");
        var good = snapshots.take("data", "good", STOPPED);
        var others = snapshots.take("other", "one", STOPPED);
        snapshots.take("data", "bad", STOPPED);
        Files.writeString(directory.resolve("state/volume-snapshots/data/bad/snapshot.json"), "{\u0000 nonsense");

        assertThat(snapshots.list()).containsExactly(good, others);
        assertThat(snapshots.list("data")).containsExactly(good);
        assertThat(snapshots.damaged("other")).isEmpty();
        assertThat(snapshots.damaged())
                .isEqualTo(snapshots.damaged("data"))
                .singleElement()
                .satisfies(damaged -> {
                    assertThat(damaged.removable()).isTrue();
                    assertThat(damaged.sentence())
                            .startsWith("snapshot bad of volume data is left out: ")
                            .contains("bad/snapshot.json")
                            .endsWith("'lockstep volume snapshot --rm data bad' removes both");
                });

        snapshots.cleanUp();
        assertThat(directory.resolve("state/volume-snapshots/data/bad/data")).exists();
        snapshots.remove("data", "bad");
        assertThat(snapshots.damaged()).isEmpty();
        assertThat(snapshots.list("data")).containsExactly(good);
    }
}
