package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.linux.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunRootIT {
    @TempDir
    Path directory;

    @Test
    void a_mount_that_somebody_made_for_it_stays() throws IOException {
        var place = Files.createDirectory(directory.resolve("run"));
        Mounts.tmpfs(place, 16 << 20, 0711, List.of());
        try {
            var lab = new Lab(directory);
            var id = lab.started(lab.wish("victim").run("sleep", "600"));
            lab.containers.remove(id, true, false);

            assertThat(Mounts.isMountPoint(place)).isTrue();
        } finally {
            Mounts.unmount(place);
        }
        new Lab(directory).assertNothingLeft();
    }

    /** As /run is with systemd. */
    @Test
    void on_a_shared_mount_nothing_is_mounted_twice() throws IOException {
        var place = Files.createDirectory(directory.resolve("shared"));
        Mounts.tmpfs(place, 64 << 20, 0711, List.of());
        try (var open = Fd.openPath(place);
                var shared = DetachedMount.bind(open)) {
            shared.propagate(DetachedMount.Propagation.PRIVATE)
                    .propagate(DetachedMount.Propagation.SHARED)
                    .attach(open);
            try (var lab = new Lab(place)) {
                var id = lab.started(lab.wish("one").run("sleep", "600"));

                assertThat(MountTable.below(lab.root.run()))
                        .containsExactly(lab.files(id).rootfs());
            }
            assertThat(MountTable.below(place)).isEmpty();
        } finally {
            while (Mounts.isMountPoint(place)) {
                Mounts.unmount(place);
            }
        }
    }

    @Test
    void ours_goes_with_the_last_container() throws IOException {
        var lab = new Lab(directory);
        var first = lab.started(lab.wish("first").run("sleep", "600"));
        var second = lab.started(lab.wish("second").run("sleep", "600"));

        lab.containers.remove(first, true, false);
        assertThat(Mounts.isMountPoint(lab.root.run())).isTrue();
        lab.containers.remove(second, true, false);
        lab.assertNothingLeft();
        assertThat(directory.resolve("run/mounted")).doesNotExist();
    }
}
