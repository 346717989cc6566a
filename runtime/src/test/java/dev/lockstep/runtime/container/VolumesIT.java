package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.runtime.volume.VolumeRecord;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Volumes, bind mounts and tmpfs as containers have them. */
class VolumesIT {
    private static final Owner OWNER = new Owner("test-host", "test", Optional.empty());

    @TempDir
    Path directory;

    Lab lab;

    @BeforeEach
    void open() throws IOException {
        var content = new TarBuilder()
                .member(new TarBuilder.Member("data/", '5').mode(0750))
                .file("data/file", "from the image")
                .hardLink("data/second", "data/file")
                .build();
        lab = new Lab(
                directory, TestImage.busybox("test/busybox:1").layer(content).volume("/kept"));
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    private void volume(String name) throws IOException {
        lab.volumes.create(new VolumeSpec(name, OWNER, Map.of()));
    }

    @Test
    void an_empty_volume_takes_the_images_content_once() throws IOException {
        volume("data");
        var wish = lab.wish("c").mount(new MountSpec.Volume("data", "/data", false, false));
        assertThat(lab.output(wish.shell(
                        "cat /data/file; stat -c %a /data; stat -c %h /data/file; rm /data/*; echo mine > /data/own")))
                .isEqualTo("from the image750\n2\n");
        assertThat(lab.output(wish.shell("ls /data"))).isEqualTo("own\n");
    }

    @Test
    void nocopy_leaves_it_empty() throws IOException {
        volume("data");
        assertThat(lab.output(lab.wish("c")
                        .mount(new MountSpec.Volume("data", "/data", false, true))
                        .shell("ls -A /data | wc -l")))
                .isEqualTo("0\n");
    }

    @Test
    void a_volume_outlives_its_containers_and_may_be_read_only() throws IOException {
        volume("data");
        lab.output(lab.wish("c")
                .mount(new MountSpec.Volume("data", "/v", false, false))
                .shell("echo kept > /v/file"));
        assertThat(lab.output(lab.wish("c")
                        .mount(new MountSpec.Volume("data", "/v", true, false))
                        .shell("cat /v/file; echo x > /v/file || echo refused")))
                .contains("kept\n")
                .contains("refused");
    }

    @Test
    void a_missing_volume_is_refused_before_anything_is_made() {
        assertThatThrownBy(() -> lab.created(lab.wish("c")
                        .mount(new MountSpec.Volume("none", "/v", false, false))
                        .run("true")))
                .hasMessageContaining("there is no volume \"none\"");
        assertThat(lab.root.state().resolve("containers")).doesNotExist();
    }

    @Test
    void the_images_own_volume_belongs_to_the_slot_and_survives_replacement() throws IOException {
        lab.containers.remove(finished(lab.wish("c").shell("echo once > /kept/file")), false, false);
        assertThat(lab.volumes.list()).hasSize(1).allMatch(VolumeRecord::isAnonymous);
        var second = finished(lab.wish("c").shell("cat /kept/file"));
        assertThat(lab.log(second)).isEqualTo("once\n");
        lab.containers.remove(second, false, true);
        assertThat(lab.volumes.list()).isEmpty();
    }

    private String finished(Wish wish) throws IOException {
        var id = lab.started(wish);
        lab.containers.await(id);
        return id;
    }

    @Test
    void a_bind_source_is_created_or_missed_as_asked() throws IOException {
        var source = directory.resolve("host/made");
        var bind = new MountSpec.Bind(source, "here", "/b", false, true);
        lab.output(lab.wish("c").mount(bind).shell("echo out > /b/file"));
        assertThat(source.resolve("file")).hasContent("out");
        var missing = lab.created(lab.wish("c")
                .mount(new MountSpec.Bind(directory.resolve("nowhere"), "nowhere", "/b", false, false))
                .run("true"));
        assertThatThrownBy(() -> lab.containers.start(missing))
                .hasMessageContaining("nowhere (mounted at /b) does not exist");
    }

    @Test
    void a_single_file_is_bound_read_only() throws IOException {
        var file = Files.writeString(directory.resolve("settings"), "value");
        assertThat(lab.output(lab.wish("c")
                        .mount(new MountSpec.Bind(file, "settings", "/etc/settings", true, false))
                        .shell("cat /etc/settings; echo; echo x > /etc/settings || echo refused")))
                .contains("value\n")
                .contains("refused");
    }

    @Test
    void a_tmpfs_has_size_and_mode() throws IOException {
        assertThat(
                        lab.output(
                                lab.wish("c")
                                        .mount(new MountSpec.Tmpfs("/t", Optional.of(65536L), Optional.of(0700), false))
                                        .shell(
                                                "stat -c %a /t; dd if=/dev/zero of=/t/f bs=4096 count=100 2>/dev/null || echo full; grep ' /t ' /proc/mounts")))
                .contains("700\n")
                .contains("full\n")
                .contains("noexec");
    }

    @Test
    void targets_that_would_hide_the_kernel_are_refused() {
        for (var target : new String[] {"/", "/proc", "/proc/self", "/sys/fs/cgroup", "relative", "/a/../b", "/a/"}) {
            assertThatThrownBy(() -> lab.created(lab.wish("c")
                            .mount(new MountSpec.Tmpfs(target, Optional.empty(), Optional.empty(), false))
                            .run("true")))
                    .hasMessageContaining("cannot mount at \"" + target + "\"");
        }
    }
}
