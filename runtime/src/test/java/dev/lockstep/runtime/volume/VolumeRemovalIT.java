package dev.lockstep.runtime.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A volume is whole or gone, whoever is killed while he removes it. */
class VolumeRemovalIT {
    private static final VolumeSpec SPEC = new VolumeSpec("data", new Owner("h", "shop", Optional.empty()), Map.of());

    @TempDir
    Path directory;

    private Volumes volumes;
    private Path data;
    private Path record;
    private Path gone;

    @BeforeEach
    void aVolumeWithFiles() throws IOException {
        volumes = new Volumes(Root.open(directory.resolve("state"), directory.resolve("run")), Clock.systemUTC());
        volumes.create(SPEC);
        data = volumes.path("data");
        record = data.resolveSibling("volume.json");
        gone = data.resolveSibling("gone.tmp");
        for (var name : new String[] {"a", "b", "c"}) {
            Files.writeString(data.resolve(name), name);
        }
    }

    /** Their files lie in memory, and volumes without a name come and go with containers. */
    @Test
    void no_lock_of_a_volume_that_is_gone_is_left() throws IOException {
        volumes.mount("data", "c".repeat(64));
        volumes.release("c".repeat(64));
        volumes.visit("data").close();
        assertThat(volumes.cleanUp()).isEmpty();
        volumes.remove("data");

        for (var locks : List.of("volume", "volume-mount", "volume-readers")) {
            assertThat(directory.resolve("run/locks").resolve(locks)).isEmptyDirectory();
        }
    }

    @Test
    void what_cannot_be_removed_as_a_whole_stays_as_a_whole() throws IOException {
        var place = Files.createDirectory(data.resolve("place"));
        Mounts.tmpfs(place, 65536, 0700, Set.of());
        try {
            assertThatThrownBy(() -> volumes.remove("data"))
                    .hasMessage(
                            "volume data stays: something is mounted in it at %1$s; unmount that first ('umount"
                                    + " %1$s')",
                            place.toRealPath());
            assertThat(data.toFile().list()).containsExactlyInAnyOrder("a", "b", "c", "place");
        } finally {
            Mounts.unmount(place);
        }
        volumes.remove("data");
        assertThat(data.getParent()).doesNotExist();
    }

    private static void chattr(String... words) throws IOException {
        var command = new ArrayList<>(List.of("chattr"));
        command.addAll(List.of(words));
        try {
            assumeTrue(
                    new ProcessBuilder(command).inheritIO().start().waitFor() == 0,
                    "files can be immutable where the tests write");
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void what_cannot_be_deleted_is_said_and_the_removal_can_be_repeated() throws IOException {
        chattr("+i", data.resolve("b").toString());
        try {
            assertThatThrownBy(() -> volumes.remove("data"))
                    .hasMessageStartingWith(
                            "volume data is removed but for what cannot be deleted in " + data.getParent() + ": ")
                    .hasMessageEndingWith("; put that right and say 'lockstep volume rm data' again");
            assertThat(volumes.find("data")).isEmpty();
            assertThat(volumes.isHalfRemoved("data")).isTrue();

            // Another one of that name, and its removal, are not held up by it.
            volumes.create(SPEC);
            assertThat(volumes.isHalfRemoved("data")).isFalse();
            assertThat(data).isEmptyDirectory();
            Files.writeString(data.resolve("new"), "");
            assertThatThrownBy(() -> volumes.remove("data")).hasMessageContaining("is removed but for");
            assertThat(volumes.find("data")).isEmpty();
        } finally {
            chattr("-R", "-i", data.resolveSibling(".").toString());
        }
        volumes.remove("data");
        assertThat(data.getParent()).doesNotExist();
        assertThat(volumes.isHalfRemoved("data")).isFalse();
    }

    @Test
    void what_cannot_be_put_in_order_is_said_and_is_in_no_others_way() throws IOException {
        volumes.create(new VolumeSpec("other", SPEC.owner(), Map.of()));
        Files.createDirectory(data.resolveSibling(".coming.1.tmp"));
        Files.writeString(data.resolveSibling(".coming.1.tmp").resolve("stays"), "");
        var others = Files.createDirectory(volumes.path("other").resolveSibling(".coming.1.tmp"));
        chattr("+i", data.resolveSibling(".coming.1.tmp").resolve("stays").toString());
        try {
            assertThat(volumes.cleanUp())
                    .singleElement()
                    .asString()
                    .startsWith("could not put volume data in order, which is tried again by the next agent and by"
                            + " 'lockstep system prune': ");
            assertThat(others).doesNotExist();

            // Nor is the content of that one.
            assertThat(volumes.replace("data", () -> {}, target -> Files.writeString(target.resolve("new"), "")))
                    .isEmpty();
            assertThat(data.toFile().list()).containsExactly("new");
        } finally {
            chattr("-R", "-i", data.resolveSibling(".").toString());
        }
        assertThat(volumes.cleanUp()).isEmpty();
        assertThat(data.resolveSibling(".").toFile().list()).containsExactlyInAnyOrder("data", "volume.json");
    }

    @Test
    void old_content_that_cannot_be_deleted_is_said_and_the_new_one_is_there() throws IOException {
        chattr("+i", data.resolve("b").toString());
        try {
            assertThat(volumes.replace("data", () -> {}, target -> Files.writeString(target.resolve("new"), "")))
                    .get()
                    .asString()
                    .startsWith("what was in volume data before cannot be deleted and is left in " + data.getParent());
            assertThat(data.toFile().list()).containsExactly("new");
            assertThat(volumes.replace("data", () -> {}, target -> Files.writeString(target.resolve("newer"), "")))
                    .isEmpty();
            assertThat(data.toFile().list()).containsExactly("newer");
        } finally {
            chattr("-R", "-i", data.resolveSibling(".").toString());
        }
        assertThat(volumes.cleanUp()).isEmpty();
        assertThat(data.resolveSibling(".").toFile().list()).containsExactlyInAnyOrder("data", "volume.json");
    }

    @Test
    void a_volume_that_somebody_works_on_is_not_waited_for() throws IOException {
        var coming = Files.createDirectory(data.resolveSibling(".coming.1.tmp"));
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        try (var _ = Flock.exclusive(root.lock("volume/data"))) {
            assertThat(volumes.cleanUp()).isEmpty();
            assertThat(coming).exists();
        }
        assertThat(volumes.cleanUp()).isEmpty();
        assertThat(coming).doesNotExist();
    }

    @Test
    void nothing_is_deleted_that_somebody_reads() throws Exception {
        var changed = new CountDownLatch(1);
        var replacing = new FutureTask<>(() -> volumes.replace(
                "data", () -> {}, target -> Files.writeString(target.resolve("new"), ""), changed::countDown));
        try (var _ = volumes.visit("data");
                var read = Directory.open(data)) {
            assertThatThrownBy(() -> volumes.remove("data"))
                    .hasMessageStartingWith("volume data stays: somebody reads it just now");

            Thread.ofPlatform().daemon().start(replacing);
            assertThat(changed.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(data.resolve("new")).exists();
            // Nobody waits with it, and what it has left is no rest of a killed one.
            assertThat(volumes.createUnlessThere(SPEC)).isFalse();
            assertThat(volumes.cleanUp()).isEmpty();
            assertThat(replacing.isDone()).isFalse();
            assertThat(read.list()).hasSize(3);
        }
        assertThat(replacing.get(60, TimeUnit.SECONDS)).isEmpty();
        assertThat(data.resolveSibling(".").toFile().list()).containsExactlyInAnyOrder("data", "volume.json");
        volumes.remove("data");
    }

    @Test
    void who_makes_a_volume_knows_whether_it_was_there() throws IOException {
        assertThat(volumes.createUnlessThere(SPEC)).isFalse();
        assertThat(volumes.createUnlessThere(new VolumeSpec("new", SPEC.owner(), Map.of())))
                .isTrue();
        assertThat(volumes.find("new")).isPresent();
    }

    @Test
    void it_is_whole_again_when_the_removal_was_killed_before_it_was_none() throws IOException {
        for (var next : new Volumes.Check[] {() -> volumes.cleanUp(), () -> volumes.create(SPEC)}) {
            Files.move(data, gone);

            next.run();

            assertThat(data.toFile().list()).containsExactlyInAnyOrder("a", "b", "c");
            assertThat(gone).doesNotExist();
        }
        Files.move(data, gone);
        volumes.remove("data");
        assertThat(data.getParent()).doesNotExist();
    }

    @Test
    void it_is_gone_when_the_removal_was_killed_after_that() throws IOException {
        Files.move(data, gone);
        Files.delete(record);
        Files.delete(gone.resolve("a"));

        volumes.create(SPEC);
        assertThat(data).isEmptyDirectory();
        volumes.cleanUp();
        assertThat(gone).doesNotExist();
        assertThat(volumes.find("data")).isPresent();

        Files.move(data, gone);
        Files.delete(record);
        volumes.cleanUp();
        assertThat(data.getParent()).doesNotExist();
    }
}
