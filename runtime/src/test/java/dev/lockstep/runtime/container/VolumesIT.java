package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.runtime.volume.VolumeRecord;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
                .member(new TarBuilder.Member("hollow/", '5').mode(0711))
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

    /** As with Docker, which only looks whether the volume is empty. */
    @Test
    void a_volume_that_an_image_had_an_empty_directory_for_takes_the_next_ones_content() throws IOException {
        volume("data");
        assertThat(lab.output(lab.wish("c")
                        .mount(new MountSpec.Volume("data", "/hollow", false, false))
                        .shell("stat -c %a /hollow; ls -A /hollow")))
                .isEqualTo("711\n");
        assertThat(lab.output(lab.wish("d")
                        .mount(new MountSpec.Volume("data", "/data", false, false))
                        .shell("stat -c %a /data; ls /data")))
                .isEqualTo("750\nfile\nsecond\n");
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

    /** Docker 26.1 starts and refuses the same: relative links are followed beneath the volume, no others. */
    @Test
    void a_part_of_a_volume_is_found_by_links_that_stay_in_it() throws IOException {
        volume("data");
        lab.output(lab.wish("c")
                .mount(new MountSpec.Volume("data", "/v", false, true))
                .shell(
                        "mkdir -p /v/a/real /v/b; echo found > /v/a/real/f; cd /v; ln -s a/real rel; ln -s ../a/real b/up;"
                                + " ln -s /a/real abs; ln -s /etc etc; ln -s ../../../../../../etc out; ln -s ../../a/real b/over;"
                                + " ln -s loop loop"));
        for (var path : List.of("a/real", "rel", "b/up")) {
            assertThat(lab.output(lab.wish("c")
                            .mount(new MountSpec.Volume("data", "/p", false, true, Optional.of(path)))
                            .shell("cat /p/f")))
                    .as(path)
                    .isEqualTo("found\n");
        }
        for (var path : List.of("abs", "etc", "out", "b/over", "loop")) {
            assertThatThrownBy(() -> lab.output(lab.wish("at-" + path.replace("/", "-"))
                            .mount(new MountSpec.Volume("data", "/p", false, true, Optional.of(path)))
                            .shell("cat /p/f")))
                    .as(path)
                    .hasMessageContaining("the path " + path + " of volume data (mounted at /p) is reached by no link");
        }
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

    @Test
    void a_container_that_runs_sees_the_content_that_another_ones_image_gives_its_empty_volume() throws IOException {
        volume("data");
        // Its image has nothing there, so the volume stays empty.
        var first = lab.started(lab.wish("first")
                .mount(new MountSpec.Volume("data", "/elsewhere", false, false))
                .run("sleep", "600"));
        var second = lab.started(lab.wish("second")
                .mount(new MountSpec.Volume("data", "/data", false, false))
                .run("sleep", "600"));

        assertThat(lab.exec(first, "cat", "/elsewhere/file").out()).isEqualTo("from the image");
        assertThat(lab.exec(first, "sh", "-c", "stat -c %a /elsewhere; echo mine > /elsewhere/own")
                        .out())
                .isEqualTo("750\n");
        assertThat(lab.exec(second, "cat", "/data/own").out()).isEqualTo("mine\n");
    }

    @Test
    void a_volume_without_a_name_stays_while_another_container_has_its_mounts() throws IOException {
        var owner = finished(lab.wish("owner").shell("echo theirs > /kept/file"));
        var guest = lab.started(lab.wish("guest")
                .with(new StorageOptions(
                        Optional.empty(), List.of(new StorageOptions.VolumesFrom("owner", Optional.empty()))))
                .run("sleep", "600"));

        lab.containers.remove(owner, false, true);

        assertThat(lab.exec(guest, "cat", "/kept/file").out()).isEqualTo("theirs\n");
        assertThat(lab.volumes.list()).hasSize(1);
    }

    /** Its record does not tell of them yet, or nobody can read it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_volume_without_a_name_stays_while_another_container_may_have_it(boolean damaged) throws IOException {
        var owner = finished(lab.wish("owner").shell("echo theirs > /kept/file"));
        var guest = lab.wish("guest")
                .with(new StorageOptions(
                        Optional.empty(), List.of(new StorageOptions.VolumesFrom("owner", Optional.empty()))))
                .run("sleep", "600");
        if (damaged) {
            Damage.TRUNCATED.to(lab.files(lab.created(guest)).record());
        } else {
            lab.killAt(FailPoint.Step.CREATE_VOLUMES);
            assertThatThrownBy(() -> lab.created(guest)).isInstanceOf(Lab.Killed.class);
            lab.liveOn();
        }

        lab.containers.remove(owner, false, true);

        assertThat(lab.volumes.list()).hasSize(1);
    }

    @Test
    void a_container_that_is_being_made_uses_the_volumes_of_its_slot_before_it_says_so() throws IOException {
        lab.killAt(FailPoint.Step.CREATE_VOLUMES);
        assertThatThrownBy(() -> lab.created(lab.wish("c").run("true"))).isInstanceOf(Lab.Killed.class);
        lab.liveOn();

        var volume = lab.volumes.list().getFirst();
        assertThat(lab.containers.observe())
                .singleElement()
                .satisfies(c -> assertThat(c.record().uses(volume)).isTrue());
        var other = new VolumeRecord.Slot("test", "d", 1, "/kept");
        var elses = new VolumeRecord(volume.spec(), Optional.of(other), volume.createdAt(), false);
        assertThat(lab.containers.observe().getFirst().record().uses(elses)).isFalse();
    }

    @Test
    void what_a_container_of_no_service_was_being_given_goes_when_it_is_not_made() throws IOException {
        lab.killAt(FailPoint.Step.CREATE_VOLUMES);
        assertThatThrownBy(() -> lab.created(lab.wish("c").loose().run("true"))).isInstanceOf(Lab.Killed.class);
        lab.liveOn();
        var volume = lab.volumes.list().getFirst();
        assertThat(lab.containers.observe())
                .singleElement()
                .satisfies(c -> assertThat(c.record().uses(volume)).isTrue());
        lab.containers.cleanUp();
        assertThat(lab.volumes.list()).isEmpty();
    }

    @Test
    void who_is_being_started_is_seen_and_waits_while_his_volume_changes() throws Exception {
        volume("data");
        var id = lab.created(lab.wish("c")
                .mount(new MountSpec.Volume("data", "/v", false, false))
                .run("sleep", "600"));
        assertThat(lab.containers.isStarting(id)).isFalse();
        var start = new FutureTask<>(() -> {
            lab.anotherProcess().start(id);
            return id;
        });
        try (var changing = Flock.exclusive(lab.root.lock("volume-mount/data"))) {
            Thread.ofPlatform().start(start);
            await().atMost(Duration.ofMinutes(1)).until(() -> lab.containers.isStarting(id));
            assertThat(lab.state(id)).as("with %s", changing).isInstanceOf(ContainerState.Created.class);
        }
        start.get();
        assertThat(lab.containers.isStarting(id)).isFalse();
        lab.running(id);
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
