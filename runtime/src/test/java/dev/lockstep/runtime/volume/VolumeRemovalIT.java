package dev.lockstep.runtime.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
