package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Function;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How binds, volumes, memory, images and the mounts of others are mounted. */
class MountOptionsIT {
    @TempDir
    Path directory;

    Lab lab;

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    private static final Owner OWNER = new Owner("test-host", "test", Optional.empty());

    private static MountSpec.Bind bind(
            Path source, boolean readOnly, String propagation, MountSpec.Recursion recursion) {
        return new MountSpec.Bind(
                source,
                source.toString(),
                "/b",
                readOnly,
                false,
                Optional.empty(),
                new MountSpec.BindOptions(propagation, recursion, Optional.empty()));
    }

    @Test
    void a_missing_source_is_made_for_everybody_to_enter_also_below_a_directory_where_containers_write()
            throws IOException {
        var allowed = Files.createDirectory(directory.resolve("allowed"));
        Files.createSymbolicLink(allowed.resolve("link"), Path.of("/etc"));
        var places = List.of(Optional.of(allowed), Optional.of(directory.resolve("new")), Optional.<Path>empty());
        var n = 0;
        var umask = Function.getFunction("c", "umask");
        var ours = umask.invokeInt(new Object[] {0077}); // as an agent under systemd has it
        try {
            for (var base : places) {
                var source = base.orElse(directory.resolve("own")).resolve("app/data" + n++);
                var said = lab.output(lab.wish("c")
                        .mount(new MountSpec.Bind(
                                source, source.toString(), "/b", false, true, base, MountSpec.BindOptions.DEFAULT))
                        .run("stat", "-c", "%a %u", "/b"));
                assertThat(said).isEqualTo("755 0\n");
                assertThat(Files.getPosixFilePermissions(Objects.requireNonNull(source.getParent())))
                        .isEqualTo(PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        } finally {
            umask.invokeInt(new Object[] {ours});
        }
        var led = allowed.resolve("link/made");
        var id = lab.created(lab.wish("c")
                .mount(new MountSpec.Bind(
                        led, "x", "/b", false, true, Optional.of(allowed), MountSpec.BindOptions.DEFAULT))
                .run("true"));
        assertThatThrownBy(() -> lab.containers.start(id)).hasMessageContaining("without following a link");
        assertThat(Path.of("/etc/made")).doesNotExist();
    }

    /** A directory with memory mounted below. */
    private Path withMountBelow() throws IOException {
        var below = Files.createDirectories(directory.resolve("src/below"));
        Mounts.tmpfs(below, 1 << 20, 0755, List.of());
        Files.writeString(below.resolve("file"), "seen");
        return directory.resolve("src");
    }

    @Test
    void what_is_mounted_below_a_read_only_bind_is_read_only_unless_asked_for() throws IOException {
        var source = withMountBelow();
        try {
            var script = "cat /b/below/file; echo x > /b/x; echo x > /b/below/x";
            var enabled = lab.started(lab.wish("a")
                    .mount(bind(source, true, "rprivate", MountSpec.Recursion.ENABLED))
                    .run("sleep", "600"));
            assertThat(lab.exec(enabled, "sh", "-c", script).out()).isEqualTo("seen");
            assertThat(lab.exec(enabled, "sh", "-c", script).err())
                    .contains("/b/x: Read-only", "/b/below/x: Read-only");
            var writable = lab.started(lab.wish("b")
                    .mount(bind(source, true, "rprivate", MountSpec.Recursion.WRITABLE))
                    .run("sleep", "600"));
            assertThat(lab.exec(writable, "sh", "-c", script).err())
                    .contains("/b/x: Read-only")
                    .doesNotContain("/b/below/x");
            var disabled = lab.started(lab.wish("c")
                    .mount(bind(source, false, "rprivate", MountSpec.Recursion.DISABLED))
                    .run("sleep", "600"));
            assertThat(lab.exec(disabled, "ls", "/b/below").out()).isEmpty();
        } finally {
            Mounts.unmount(source.resolve("below"));
        }
    }

    @Test
    void a_mount_travels_where_the_bind_lets_it() throws Exception {
        var source = Files.createDirectories(directory.resolve("shared"));
        run("mount", "--bind", source.toString(), source.toString());
        try {
            run("mount", "--make-private", source.toString());
            var slave = bind(source, false, "rslave", MountSpec.Recursion.ENABLED);
            assertThatThrownBy(() -> lab.started(lab.wish("c").mount(slave).run("sleep", "600")))
                    .hasMessageContaining("cannot be rslave: it is in the mount at " + source + ", which is private");
            lab.containers.remove(lab.containers.find("c").orElseThrow().id(), true, true);
            run("mount", "--make-shared", source.toString());
            assertThat(MountTable.around(source).isShared()).isTrue();
            var id = lab.started(lab.wish("c").mount(slave).run("sleep", "600"));
            var other = lab.started(lab.wish("d")
                    .mount(bind(source, false, "rprivate", MountSpec.Recursion.ENABLED))
                    .run("sleep", "600"));
            var late = Files.createDirectory(source.resolve("late"));
            Mounts.tmpfs(late, 1 << 20, 0755, List.of());
            try {
                Files.writeString(late.resolve("file"), "travelled");
                assertThat(lab.exec(id, "cat", "/b/late/file").out()).isEqualTo("travelled");
                assertThat(lab.exec(other, "ls", "/b/late").out()).isEmpty();
            } finally {
                Mounts.unmount(late);
            }
            lab.containers.remove(id, true, true);
            lab.containers.remove(other, true, true);
        } finally {
            Mounts.unmount(source);
        }
    }

    private static void run(String... command) throws Exception {
        var process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @Test
    void a_part_of_a_volume_is_mounted_and_nothing_outside_of_it() throws IOException {
        lab.volumes.create(new VolumeSpec("data", OWNER, Map.of()));
        var data = lab.volumes.path("data");
        Files.createDirectories(data.resolve("a/b"));
        Files.writeString(data.resolve("a/b/file"), "part");
        Files.createSymbolicLink(data.resolve("out"), Path.of("/etc"));
        assertThat(lab.output(lab.wish("c")
                        .mount(new MountSpec.Volume("data", "/v", false, false, Optional.of("a/b")))
                        .run("cat", "/v/file")))
                .isEqualTo("part\n".strip());
        for (var path : List.of("out", "../data", "missing", "/etc")) {
            var id = lab.created(lab.wish("c")
                    .mount(new MountSpec.Volume("data", "/v", false, false, Optional.of(path)))
                    .run("true"));
            assertThatThrownBy(() -> lab.containers.start(id))
                    .as(path)
                    .hasMessageContaining("the path " + path + " of volume data (mounted at /v)");
            lab.containers.remove(id, true, true);
        }
    }

    @Test
    void memory_with_options() throws IOException {
        var id = lab.started(lab.wish("c")
                .mount(new MountSpec.Tmpfs(
                        "/t",
                        Optional.of(65536L),
                        Optional.of(0750),
                        false,
                        List.of("exec", "uid=7", "gid=8", "nr_inodes=50")))
                .run("sleep", "600"));
        assertThat(lab.exec(id, "grep", " /t ", "/proc/mounts").out())
                .contains("nosuid,nodev", "size=64k", "nr_inodes=50", "mode=750", "uid=7", "gid=8")
                .doesNotContain("noexec");
        assertThat(lab.exec(id, "sh", "-c", "cp /bin/busybox /t/true 2>/dev/null; stat -c '%u:%g %a' /t")
                        .out())
                .isEqualTo("7:8 750\n");
    }

    @Test
    void memory_without_a_mode_has_that_of_the_directory_that_it_covers() throws IOException {
        var none = Optional.<Long>empty();
        var id = lab.started(lab.wish("c")
                .mount(new MountSpec.Tmpfs("/etc", none, Optional.empty(), false))
                .mount(new MountSpec.Tmpfs("/tmp", none, Optional.empty(), false))
                .mount(new MountSpec.Tmpfs("/made/new", none, Optional.empty(), false))
                .mount(new MountSpec.Tmpfs("/etc/below", none, Optional.empty(), false))
                .run("sleep", "600"));
        // What docker 26.1 shows, at the first start and, where it forgets that there was none, at all others.
        var modes = "755 /etc\n1777 /tmp\n755 /made\n1777 /made/new\n1777 /etc/below\n";
        assertThat(lab.exec(id, "stat", "-c", "%a %n", "/etc", "/tmp", "/made", "/made/new", "/etc/below")
                        .out())
                .isEqualTo(modes);
        lab.containers.restart(id, Optional.of(java.time.Duration.ZERO));
        assertThat(lab.exec(id, "stat", "-c", "%a %n", "/etc", "/tmp", "/made", "/made/new", "/etc/below")
                        .out())
                .isEqualTo(modes);
    }

    @Test
    void the_files_of_an_image_are_there_and_cannot_be_changed() throws IOException {
        var reference = dev.lockstep.runtime.image.ImageReference.parse("test/busybox:1");
        var id = lab.started(lab.wish("c")
                .mount(new MountSpec.OfImage(reference, lab.image, "/image", Optional.empty()))
                .mount(new MountSpec.OfImage(reference, lab.image, "/part", Optional.of("etc")))
                .run("sleep", "600"));
        assertThat(lab.exec(id, "cat", "/image/etc/group").out())
                .isEqualTo(lab.exec(id, "cat", "/part/group").out())
                .contains("root:x:0:");
        assertThat(lab.exec(id, "sh", "-c", "echo x > /image/x; echo x > /part/x")
                        .err())
                .contains("/image/x: Read-only", "/part/x: Read-only");
    }

    @Test
    void who_gets_what_another_container_got_may_write_no_more_than_that_one() throws IOException {
        lab.volumes.create(new VolumeSpec("data", OWNER, Map.of()));
        lab.volumes.create(new VolumeSpec("fixed", OWNER, Map.of()));
        var source = Files.createDirectories(directory.resolve("host"));
        lab.created(lab.wish("first")
                .mount(new MountSpec.Volume("data", "/data", false, false))
                .mount(new MountSpec.Volume("fixed", "/fixed", true, false))
                .mount(new MountSpec.Bind(source, "host", "/host", false, false))
                .run("true"));
        lab.created(from("second", "first", Optional.empty()).run("true"));
        var write = "for d in data host fixed; do touch /$d/x 2>/dev/null && echo -n \"$d \"; done; echo done";

        assertThat(lab.output(from("reader", "second", Optional.of(true)).shell(write)))
                .isEqualTo("done\n");
        assertThat(lab.output(from("writer", "second", Optional.of(false)).shell(write)))
                .isEqualTo("data host done\n");
        assertThat(lab.output(from("other", "first", Optional.of(false)).shell(write)))
                .isEqualTo("data host done\n");
    }

    private Wish from(String name, String other, Optional<Boolean> readOnly) {
        return lab.wish(name)
                .with(new StorageOptions(Optional.empty(), List.of(new StorageOptions.VolumesFrom(other, readOnly))));
    }

    @Test
    void the_mounts_of_another_container_come_along_but_for_memory() throws IOException {
        lab.volumes.create(new VolumeSpec("data", OWNER, Map.of()));
        var source = Files.createDirectories(directory.resolve("host"));
        var from = lab.started(lab.wish("from")
                .mount(new MountSpec.Volume("data", "/data", false, false))
                .mount(new MountSpec.Anonymous("/anonymous", false))
                .mount(new MountSpec.Bind(source, "host", "/host", false, false))
                .mount(new MountSpec.Tmpfs("/memory", Optional.empty(), Optional.empty(), false))
                .shell("echo 1 > /data/x; echo 2 > /anonymous/x; echo 3 > /host/x; mkdir -p /memory/m; sleep 600"));
        lab.awaitLog(from, "");
        org.awaitility.Awaitility.await().until(() -> Files.exists(source.resolve("x")));
        var id = lab.started(lab.wish("to")
                .with(new StorageOptions(
                        Optional.empty(), List.of(new StorageOptions.VolumesFrom("from", Optional.of(true)))))
                .mount(new MountSpec.Tmpfs("/host", Optional.empty(), Optional.empty(), false))
                .run("sleep", "600"));
        assertThat(lab.exec(id, "cat", "/data/x", "/anonymous/x").out()).isEqualTo("1\n2\n");
        assertThat(lab.exec(id, "sh", "-c", "echo > /data/y; echo > /anonymous/y")
                        .err())
                .contains("/data/y: Read-only", "/anonymous/y: Read-only");
        assertThat(lab.exec(id, "ls", "/host").out()).as("its own mount wins").isEmpty();
        assertThat(lab.exec(id, "ls", "/memory").exitCode()).isNotZero();
        assertThatThrownBy(() -> lab.created(lab.wish("third")
                        .with(new StorageOptions(
                                Optional.empty(), List.of(new StorageOptions.VolumesFrom("nobody", Optional.empty()))))
                        .run("true")))
                .hasMessageContaining("there is no container nobody to share with");
    }
}
