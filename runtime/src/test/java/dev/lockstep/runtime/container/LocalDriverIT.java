package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.ProjectQuota;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.runtime.volume.VolumeSnapshot;
import dev.lockstep.runtime.volume.VolumeSnapshots;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Volumes with options of the local driver: mounted while a container uses them, as docker has it. */
class LocalDriverIT {
    private static final Owner OWNER = new Owner("test-host", "test", Optional.empty());

    @TempDir
    Path directory;

    private Lab lab;
    private Path host;

    @BeforeEach
    void open() throws IOException {
        var content = new TarBuilder()
                .member(new TarBuilder.Member("data/", '5').mode(0750))
                .file("data/file", "from the image")
                .build();
        lab = new Lab(directory, TestImage.busybox("test/busybox:1").layer(content));
        host = Files.createDirectory(directory.resolve("host"));
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    /** @param options {@code key=value} */
    private void volume(String name, String... options) throws IOException {
        var all = new LinkedHashMap<String, String>();
        for (var option : options) {
            var parts = option.split("=", 2);
            all.put(parts[0], parts[1]);
        }
        lab.volumes.create(new VolumeSpec(name, OWNER, Map.of(), all));
    }

    private Wish wish(String name, String volume) {
        return lab.wish(name).mount(new MountSpec.Volume(volume, "/v", false, true));
    }

    private boolean mounted(String volume) throws IOException {
        return Mounts.isMountPoint(lab.volumes.path(volume));
    }

    @Test
    void a_directory_of_the_host_is_mounted_with_the_first_and_unmounted_with_the_last() throws IOException {
        Files.writeString(host.resolve("theirs"), "of the host");
        volume("shared", "type=none", "o=bind", "device=" + host);

        var first = lab.started(wish("first", "shared").shell("cat /v/theirs; echo mine > /v/mine; sleep 1000"));
        var second = lab.started(wish("second", "shared").shell("sleep 1000"));
        assertThat(mounted("shared")).isTrue();
        lab.containers.kill(first, "KILL");
        lab.containers.await(first);
        lab.containers.remove(first, false, false);
        assertThat(mounted("shared")).isTrue();
        lab.containers.kill(second, "KILL");
        lab.containers.await(second);
        lab.containers.remove(second, false, false);

        assertThat(mounted("shared")).isFalse();
        assertThat(host.resolve("mine")).hasContent("mine");
        assertThat(lab.volumes.path("shared")).isEmptyDirectory();
    }

    @Test
    void removing_the_volume_leaves_what_was_mounted() throws IOException {
        Files.writeString(host.resolve("theirs"), "of the host");
        volume("shared", "type=none", "o=bind", "device=" + host);
        lab.volumes.mount("shared", "somebody who was killed");
        assertThat(mounted("shared")).isTrue();

        lab.volumes.remove("shared");

        assertThat(lab.volumes.find("shared")).isEmpty();
        assertThat(host.resolve("theirs")).hasContent("of the host");
    }

    @Test
    void what_is_mounted_and_dead_is_said_and_unmounted_with_its_last_container() throws IOException {
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "the kernel has FUSE");
        try (var fuse = Fd.open(Path.of("/dev/fuse"))) {
            volume(
                    "dead",
                    "type=fuse",
                    "device=dead",
                    "o=fd=" + fuse.number() + ",rootmode=40000,user_id=0,group_id=0");
            lab.volumes.mount("dead", "first");
        }

        assertThatThrownBy(() -> lab.volumes.mount("dead", "second"))
                .hasMessageContaining("volume dead is mounted (type: fuse, device: dead")
                .hasMessageContaining("what is there is dead")
                .hasMessageContaining("ENOTCONN");
        lab.volumes.release("first");

        assertThat(mounted("dead")).isFalse();
    }

    @Test
    void what_is_mounted_and_never_answers_holds_up_nobody_for_ever() throws IOException {
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "the kernel has FUSE");
        // Nobody reads what the kernel asks there.
        try (var fuse = Fd.open(Path.of("/dev/fuse"))) {
            volume(
                    "silent",
                    "type=fuse",
                    "device=silent",
                    "o=fd=" + fuse.number() + ",rootmode=40000,user_id=0,group_id=0");
            lab.volumes.mount("silent", "first");

            assertThatThrownBy(() -> lab.volumes.mount("silent", "second"))
                    .hasMessageContaining("volume silent is mounted (type: fuse, device: silent")
                    .hasMessageContaining("ETIMEDOUT (no answer in time); stop the containers that use it");
            lab.volumes.release("first");
            assertThat(mounted("silent")).isFalse();
        }
    }

    @Test
    void memory_is_shared_while_somebody_uses_it_and_gone_then() throws IOException {
        volume("memory", "type=tmpfs", "device=tmpfs", "o=size=1m,mode=0751,uid=7,gid=8,noexec");

        var first = lab.started(wish("first", "memory").shell("echo seen > /v/file; sleep 1000"));
        assertThat(lab.output(wish("second", "memory")
                        .shell("until grep -q seen /v/file; do :; done; stat -c '%a %u %g' /v;"
                                + " grep ' /v ' /proc/mounts")))
                .startsWith("751 7 8\ntmpfs /v tmpfs rw,noexec,")
                .contains("size=1024k");
        // runc leaves alone what it is not told of; crun would take it away.
        var mounts = lab.root
                .json()
                .readTree(lab.files(first).config().toFile())
                .path("mounts")
                .valueStream();
        assertThat(mounts.filter(mount -> mount.path("destination").asText().equals("/v")))
                .singleElement()
                .satisfies(mount -> assertThat(mount.path("options").valueStream())
                        .extracting(JsonNode::asText)
                        .containsExactly("rbind", "rprivate", "noexec"));
        lab.containers.kill(first, "KILL");
        lab.containers.await(first);
        lab.containers.remove(first, false, false);
        assertThat(lab.output(wish("third", "memory").shell("ls -A /v | wc -l")))
                .isEqualTo("0\n");
        assertThat(mounted("memory")).isFalse();
    }

    @Test
    void a_bind_may_be_read_only() throws IOException {
        volume("shared", "type=none", "o=bind,ro", "device=" + host);

        assertThat(lab.output(wish("victim", "shared").shell("touch /v/x || echo refused")))
                .contains("refused");
        assertThat(host).isEmptyDirectory();
    }

    @Test
    void an_empty_directory_takes_the_images_content_once() throws IOException {
        volume("shared", "type=none", "o=bind", "device=" + host);
        var wish = lab.wish("victim").mount(new MountSpec.Volume("shared", "/data", false, false));

        assertThat(lab.output(wish.shell("cat /data/file; rm /data/file"))).isEqualTo("from the image");
        assertThat(host).isEmptyDirectory();
        assertThat(lab.output(wish.shell("ls -A /data | wc -l"))).isEqualTo("0\n");
        assertThat(Files.getAttribute(host, "unix:mode")).isEqualTo(0040750);
    }

    /** As docker's sentences, without the numbers of flags; nothing is left mounted, no container runs. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "type=none;o=bind;device=/does/not/exist | no such file or directory); create /does/not/exist first",
                "type=nosuchfs;device=x | this kernel has no file system nosuchfs",
                "type=tmpfs;device=tmpfs;o=nonsense=1 | look at what o says",
                "type=nfs;o=addr=no-such-host.invalid,rw;device=:/export | its server's name is unknown",
                "type=nfs;o=addr=127.0.0.1,vers=4,soft,timeo=1,retrans=0;device=:/export | cannot be mounted",
                "type=cifs;o=username=me,password=geheim;device=//127.0.0.1/share | password=***)",
            })
    void what_cannot_be_mounted_is_told_when_a_container_wants_it(String options, String why) throws IOException {
        volume("remote", options.split(";", -1));

        assertThatThrownBy(() -> lab.started(wish("victim", "remote").run("true")))
                .hasMessageContaining("container victim: volume remote cannot be mounted (type: ")
                .hasMessageContaining(why)
                .hasMessageNotContaining("geheim");

        assertThat(mounted("remote")).isFalse();
        assertThat(directory.resolve("run/volume-users/remote")).isEmptyDirectory();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "type=tmpfs | device is missing",
                "o=bind;device=/x | type is missing",
                "type=none;o=bind;device=/x;uid=3 | has no option \"uid\"",
                "size=10x | the option size is \"10x\"; write bytes, or as 500m or 10g",
                "size=9999999p | which no disk has",
                "size=1m;type=tmpfs;device=tmpfs | for tmpfs write o: size=1m",
                "type=none;o=bind;device=./x | is no absolute path",
            })
    void options_that_say_no_mount_are_refused(String options, String why) {
        assertThatThrownBy(() -> volume("wrong", options.split(";", -1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }

    /** As docker: "quota size requested but no quota support". StorageLimitsIT has disks that can. */
    @Test
    void a_size_that_no_disk_would_hold_anybody_to_is_refused_and_none_is_none() throws IOException {
        assumeTrue(!ProjectQuota.isEnforced(directory), "this directory has quotas");

        assertThatThrownBy(() -> volume("small", "size=10m"))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("volume small has the option size: what a volume holds is limited by project"
                        + " quotas, and those of " + lab.root.state())
                .hasMessageContaining("are not on. ");
        assertThat(lab.volumes.list()).isEmpty();
        volume("wide", "size=0");
        assertThat(lab.output(wish("victim", "wide").shell("echo a > /v/a; cat /v/a")))
                .isEqualTo("a\n");
    }

    @Test
    void what_is_mounted_now_and_then_is_no_directory_to_copy() throws IOException {
        volume("shared", "type=none", "o=bind", "device=" + host);

        assertThatThrownBy(() -> lab.volumes.replace("shared", () -> {}, target -> {}))
                .hasMessageContaining("is no directory of ours but a mount");
    }

    @Test
    void for_a_copy_it_is_mounted_and_unmounted_whoever_is_killed() throws IOException {
        volume("shared", "type=none", "o=bind", "device=" + host);
        Files.writeString(host.resolve("theirs"), "of the host");
        var marks = directory.resolve("run/volume-users/shared");
        var snapshots = new VolumeSnapshots(lab.root, lab.volumes, Clock.systemUTC());

        var taken = snapshots.take("shared", "now", VolumeSnapshot.Consistency.STOPPED);
        assertThat(snapshots.path(taken).resolve("theirs")).hasContent("of the host");
        assertThat(mounted("shared")).isFalse();
        assertThat(marks).isEmptyDirectory();

        try (var _ = lab.volumes.visit("shared")) {
            lab.volumes.mount("shared", "victim");
            lab.volumes.release("victim");
            assertThat(lab.volumes.path("shared").resolve("theirs")).hasContent("of the host");
        }
        assertThat(mounted("shared")).isFalse();

        // As one that was killed leaves it: nobody holds its lock.
        lab.volumes.mount("shared", "visit-0000000000000001");
        lab.volumes.mount("shared", "victim");
        lab.volumes.release("victim");
        assertThat(mounted("shared")).isFalse();
        lab.volumes.mount("shared", "visit-0000000000000002");
        lab.volumes.cleanUp();
        assertThat(mounted("shared")).isFalse();
        assertThat(marks).isEmptyDirectory();
        assertThat(host.resolve("theirs")).hasContent("of the host");
        snapshots.remove("shared", "now");
    }

    @Test
    void memory_that_nobody_uses_has_nothing_to_copy() throws IOException {
        volume("memory", "type=tmpfs", "device=tmpfs");

        assertThatThrownBy(() -> lab.volumes.visit("memory"))
                .hasMessageContaining("volume memory is memory that no container uses now")
                .hasMessageContaining("there is nothing in it");
        lab.volumes.mount("memory", "victim");
        lab.volumes.visit("memory").close();
        assertThat(mounted("memory")).isTrue();
        lab.volumes.release("victim");
    }

    @Test
    void cp_of_a_container_that_does_not_run_goes_where_the_volume_is() throws IOException {
        Files.writeString(host.resolve("theirs"), "of the host");
        volume("shared", "type=none", "o=bind", "device=" + host);
        var id = lab.created(lab.wish("victim")
                .mount(new MountSpec.Volume("shared", "/data", false, true))
                .run("true"));

        try (var tree = lab.containers.tree(id, "archive-path");
                var data = tree.root().directory(RawPath.of("data"))) {
            assertThat(data.list()).containsExactly(RawPath.of("theirs"));
            data.makeDirectory(RawPath.of("mine"), 0755);
        }

        assertThat(host.resolve("mine")).isDirectory();
        assertThat(mounted("shared")).isFalse();
        assertThat(lab.volumes.path("shared")).isEmptyDirectory();
    }

    /** The host was started again: the mount is gone, and the mark of who had it is not. */
    @Test
    void a_mount_that_went_away_is_made_again() throws IOException {
        volume("shared", "type=none", "o=bind", "device=" + host);
        lab.volumes.mount("shared", "before");
        Mounts.unmount(lab.volumes.path("shared"));

        assertThat(lab.output(wish("victim", "shared").shell("echo mine > /v/mine")))
                .isEmpty();

        assertThat(host.resolve("mine")).hasContent("mine");
        lab.volumes.release("before");
        assertThat(mounted("shared")).isFalse();
    }
}
