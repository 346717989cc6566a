package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.copy.Copying;
import dev.lockstep.runtime.copy.Keep;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.oci.IdRange;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Users of a container that are not the host's: who is who, seen from inside and from outside. */
class UserNamespaceIT {
    @TempDir
    Path directory;

    Lab lab;

    @BeforeEach
    void open() throws IOException {
        // The container's users go through it.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        lab = new Lab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    static Namespaces users(NamespaceMode mode) {
        return new Namespaces(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(mode),
                Optional.empty());
    }

    private Wish mapped(String name) {
        return lab.wish(name).with(users(new NamespaceMode.Own()));
    }

    private IdRange ids() throws IOException {
        return Objects.requireNonNull(
                new IdRanges(lab.root, Optional.empty()).given().get("test"));
    }

    private static int uid(Path file) throws IOException {
        return (int) Files.getAttribute(file, "unix:uid");
    }

    private String inside(String id, String script) throws IOException {
        var said = lab.exec(id, "sh", "-c", script);
        assertThat(said.err()).as(script).isEmpty();
        return said.out().strip();
    }

    @Test
    void root_inside_is_one_of_the_stacks_ids_outside() throws IOException {
        var id = lab.started(mapped("a").run("sleep", "600"));
        var pid = lab.pid(id);
        var first = ids().first();
        assertThat(Lab.read("/proc/" + pid + "/uid_map").split(" +")).containsExactly("0", "" + first, "65536");
        assertThat(Lab.read("/proc/" + pid + "/gid_map").split(" +")).containsExactly("0", "" + first, "65536");
        assertThat(Lab.read("/proc/" + pid + "/status")).contains("Uid:\t%1$d\t%1$d\t%1$d\t%1$d".formatted(first));
        assertThat(inside(id, "cat /proc/self/uid_map")).contains("65536");
        assertThat(inside(id, "id -u; id -g")).isEqualTo("0\n0");
        assertThat(lab.containers
                        .observe(id)
                        .orElseThrow()
                        .record()
                        .made()
                        .options()
                        .ids())
                .contains(ids());

        // A second one of the stack has the same ids, and a namespace of its own.
        var other = lab.started(mapped("b").user("1000:100").run("sleep", "600"));
        assertThat(Lab.read("/proc/" + lab.pid(other) + "/status"))
                .contains("Uid:\t" + (first + 1000))
                .contains("Gid:\t" + (first + 100));
        assertThat(Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/user")))
                .isNotEqualTo(Files.readSymbolicLink(Path.of("/proc/" + lab.pid(other) + "/ns/user")));
    }

    /** It had no container when another one needed room. */
    @Test
    void who_gets_a_stacks_ids_before_its_first_container_is_on_record_keeps_them() throws IOException {
        var others = new AtomicReference<Optional<IdRange>>(Optional.empty());
        lab.reached.set(step -> {
            if (step == FailPoint.Step.CREATE_RECORDED && others.get().isEmpty()) {
                try {
                    Files.delete(lab.root.state().resolve("id-ranges.json"));
                    others.set(Optional.of(
                            new IdRanges(lab.root, Optional.empty()).of("another", () -> Optional.of(List.of()))));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        var id = lab.started(mapped("a").run("sleep", "600"));
        assertThat(Lab.read("/proc/" + lab.pid(id) + "/uid_map").split(" +"))
                .containsExactly("0", "" + ids().first(), "65536");
        assertThat(ids().overlaps(others.get().orElseThrow())).isFalse();
    }

    @Test
    void files_have_on_disk_the_ids_that_the_container_sees() throws IOException {
        var id = lab.started(mapped("a").workingDir("/made/for/it").run("sleep", "600"));
        assertThat(inside(id, "stat -c '%u:%g' / /bin /etc /made/for/it /etc/hosts /etc/resolv.conf /etc/hostname"))
                .matches("(0:0\\s*)+");
        inside(id, "echo x > /new; echo y > /theirs; chown 1000:50 /theirs; echo 192.0.2.9 more >> /etc/hosts");
        assertThat(inside(id, "stat -c '%u:%g' /new /theirs")).isEqualTo("0:0\n1000:50");
        var upper = lab.files(id).upper();
        assertThat(uid(upper.resolve("new"))).isZero();
        assertThat(uid(upper.resolve("theirs"))).isEqualTo(1000);
        assertThat(uid(upper.resolve("made"))).isZero();
        assertThat(uid(Path.of("/proc/" + lab.pid(id) + "/root/theirs"))).isEqualTo((int) ids().first() + 1000);
        assertThat(Files.readString(lab.files(id).hosts())).contains("192.0.2.9 more");

        // Written as somebody else when it has none of its own: the same files.
        lab.containers.restart(id, Optional.of(Duration.ZERO));
        assertThat(inside(id, "stat -c '%u:%g' /new /theirs")).isEqualTo("0:0\n1000:50");
    }

    @Test
    void what_is_mounted_by_default_belongs_to_its_root() throws IOException {
        var id = lab.started(mapped("a")
                .mount(new MountSpec.Tmpfs(
                        "/mem", Optional.of(1L << 20), Optional.of(0750), false, List.of("uid=1000", "gid=50")))
                .with(new StorageOptions(Optional.of(1L << 20), List.of()))
                .run("sleep", "600"));
        assertThat(inside(id, "stat -c '%u:%g %a' /dev /dev/shm /mem /proc/1"))
                .isEqualTo("0:0 755\n0:0 1777\n1000:50 750\n0:0 555");
        assertThat(inside(id, "grep ' /dev/pts ' /proc/mounts")).contains("gid=" + (ids().first() + 5));
        assertThat(inside(
                        id, "echo x > /dev/shm/f; stat -c %u /dev/shm/f; echo > /dev/null; head -c1 /dev/zero | wc -c"))
                .isEqualTo("0\n1");
        // What is the host's there is nobody's, and cannot be written to.
        assertThat(inside(id, "stat -c %u /proc/sys /sys")).isEqualTo("65534\n65534");
        assertThat(lab.exec(id, "sh", "-c", "echo 1 > /proc/sys/kernel/panic").exitCode())
                .isNotZero();
        assertThat(lab.exec(id, "sh", "-c", "cat /sys/class/net/lo/ifindex").out())
                .isEqualTo("1\n");
    }

    @Test
    void volumes_and_binds_mean_the_same_with_and_without() throws IOException {
        lab.volumes.create(new VolumeSpec("v", new Owner("test-host", "test", Optional.empty()), Map.of()));
        var source = Files.createDirectory(directory.resolve("source"));
        Files.writeString(source.resolve("theirs"), "old");
        Files.setAttribute(source.resolve("theirs"), "unix:uid", 1000);
        var file = Files.writeString(directory.resolve("file"), "one");
        var with = List.of(
                new MountSpec.Volume("v", "/v", false, false),
                new MountSpec.Anonymous("/own", false),
                new MountSpec.Bind(source, "/source", "/b", false, false),
                new MountSpec.Bind(source, "/source", "/ro", true, false),
                new MountSpec.Bind(file, "/file", "/f", false, false));
        var mapped = mapped("a").run("sleep", "600");
        var plain = lab.wish("b").run("sleep", "600");
        for (var mount : with) {
            mapped.mount(mount);
            plain.mount(mount);
        }
        var a = lab.started(mapped);
        var b = lab.started(plain);
        assertThat(inside(a, "stat -c %u /v /own /b /b/theirs /ro/theirs /f")).isEqualTo("0\n0\n0\n1000\n1000\n0");
        inside(a, "echo 1 > /v/root; echo 2 > /v/user; chown 33:33 /v/user; echo 3 > /b/root; echo two > /f");
        assertThat(inside(b, "stat -c %u:%g /v/root /v/user /b/root; cat /f")).isEqualTo("0:0\n33:33\n0:0\ntwo");
        assertThat(uid(source.resolve("root"))).isZero();
        assertThat(uid(lab.volumes.path("v").resolve("user"))).isEqualTo(33);
        assertThat(lab.exec(a, "touch", "/ro/x").exitCode()).isNotZero();

        // And what another one has.
        var c = lab.started(mapped("c")
                .with(new StorageOptions(
                        Optional.empty(), List.of(new StorageOptions.VolumesFrom("a", Optional.empty()))))
                .run("sleep", "600"));
        assertThat(inside(c, "stat -c %u:%g /v/user /b/theirs")).startsWith("33:33\n1000");
    }

    @Test
    void contents_belong_to_whom_the_file_says() throws IOException {
        var contents = new Contents(lab.root);
        var identity = contents.identity("secret".getBytes(StandardCharsets.UTF_8));
        var id = lab.created(mapped("a")
                .mount(new MountSpec.Content("secret s", identity, "/run/secrets/s", "1000", "50", 0400))
                .run("sleep", "600"));
        contents.put(identity, "secret".getBytes(StandardCharsets.UTF_8));
        lab.containers.start(id);
        assertThat(inside(id, "stat -c '%u:%g %a' /run/secrets/s; cat /run/secrets/s"))
                .isEqualTo("1000:50 400\nsecret");
    }

    @Test
    void its_streams_can_be_opened_again_and_its_names_are_its_own() throws IOException {
        var id = lab.started(mapped("a")
                .with(new Naming(Optional.of("example.test"), List.of(), Map.of()))
                .with(o -> o.with(new Isolation(
                        false,
                        true,
                        List.of(),
                        List.of(),
                        SecurityOptions.NONE,
                        users(new NamespaceMode.Own()),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of("kernel.msgmax", "4096", "net.ipv4.ip_forward", "1"))))
                .shell("echo again > /dev/stdout; echo and > /dev/stderr; exec sleep 600"));
        lab.awaitLog(id, "again");
        lab.awaitLog(id, "and");
        assertThat(inside(id, "cat /proc/sys/kernel/domainname /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward"))
                .isEqualTo("example.test\n4096\n1");
        assertThat(lab.exec(id, "touch", "/x").exitCode()).isNotZero();
    }

    @Test
    void copies_keep_the_ids_that_it_sees() throws IOException {
        var id = lab.started(mapped("a").run("sleep", "600"));
        inside(id, "mkdir /d; echo x > /d/f; chown -R 1000:50 /d");
        try (var tree = lab.containers.tree(id, "archive-path");
                var host = Directory.open(directory)) {
            var container = new Copying.End(tree.root(), "/d", "in it", tree.ids(), tree.mounts());
            Copying.copy(container, new Copying.End(host, "/out", "here"), false, new Keep(true, true));
            assertThat(uid(directory.resolve("out/f"))).isEqualTo(1000);
            Files.writeString(directory.resolve("out/g"), "y");
            for (var keep : List.of(new Keep(true, true), new Keep(false, true))) {
                Copying.copy(
                        new Copying.End(host, "/out", "here"),
                        new Copying.End(tree.root(), "/in-" + keep.owner(), "in it", tree.ids(), tree.mounts()),
                        false,
                        keep);
            }
        }
        assertThat(inside(id, "stat -c %u:%g /in-true/f /in-true/g /in-false /in-false/f"))
                .isEqualTo("1000:50\n0:0\n0:0\n0:0");
    }

    @Test
    void a_health_check_may_open_its_output() throws IOException {
        var id = lab.started(mapped("a")
                .health(new HealthCheck(
                        Optional.of(List.of("CMD-SHELL", "id -u > /dev/stdout")),
                        Optional.of(Duration.ofSeconds(1)),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()))
                .run("sleep", "600"));
        var result = lab.containers.probe(id);
        assertThat(result.output()).isEqualTo("0\n");
    }

    @Test
    void memory_and_processes_are_shared_with_who_has_the_same_users() throws IOException {
        var a = lab.started(mapped("a")
                .with(new Namespaces(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(new NamespaceMode.Shareable()),
                        Optional.empty(),
                        Optional.of(new NamespaceMode.Own()),
                        Optional.empty()))
                .run("sleep", "600"));
        var of = Optional.<NamespaceMode>of(new NamespaceMode.Of("a"));
        var b = lab.started(lab.wish("b")
                .with(new Namespaces(of, of, of, of, Optional.of(new NamespaceMode.Own()), Optional.empty()))
                .run("sleep", "600"));
        inside(a, "echo x > /dev/shm/f");
        assertThat(inside(b, "stat -c %u /dev/shm /dev/shm/f; kill -0 1 && echo may"))
                .isEqualTo("0\n0\nmay");
        assertThat(Files.readSymbolicLink(Path.of("/proc/" + lab.pid(b) + "/ns/user")))
                .isEqualTo(Files.readSymbolicLink(Path.of("/proc/" + lab.pid(a) + "/ns/user")));

        lab.started(lab.wish("plain").run("sleep", "600"));
        var c = lab.created(lab.wish("c")
                .with(new Namespaces(
                        Optional.empty(),
                        Optional.of(new NamespaceMode.Of("plain")),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(new NamespaceMode.Own()),
                        Optional.empty()))
                .run("true"));
        assertThatThrownBy(() -> lab.containers.start(c))
                .hasMessage("container c cannot enter the pid namespace of container plain: they have not the same"
                        + " users; give both the same userns_mode, in one stack.");
    }

    @Test
    void what_cannot_be_had_with_users_of_its_own_is_said() throws IOException {
        assertThatThrownBy(() -> lab.created(mapped("a")
                        .with(o -> o.with(new Isolation(
                                true,
                                false,
                                List.of(),
                                List.of(),
                                SecurityOptions.NONE,
                                users(new NamespaceMode.Own()),
                                Optional.empty(),
                                Optional.empty(),
                                Map.of())))))
                .hasMessage("container a: users of its own cannot be had with privileged; write userns_mode: host for"
                        + " it.");
        for (var name : List.of("lower", "upper", "work", "merged")) {
            Files.createDirectory(directory.resolve(name));
        }
        var merged = directory.resolve("merged");
        Mounts.overlay(
                List.of(directory.resolve("lower")),
                Optional.of(new Mounts.Upper(directory.resolve("upper"), directory.resolve("work"))),
                merged);
        try {
            var id = lab.created(mapped("b")
                    .mount(new MountSpec.Bind(merged, "/merged", "/m", false, false))
                    .run("true"));
            assertThatThrownBy(() -> lab.containers.start(id))
                    .hasMessage("container b: this kernel cannot map the ids of the bind source " + merged
                            + " (mounted at /m) (overlay); write userns_mode: host, or keep it on ext4, xfs or btrfs.");
        } finally {
            Mounts.unmount(merged);
        }
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        var id = lab.created(mapped("c").run("true"));
        assertThatThrownBy(() -> lab.containers.start(id))
                .hasMessageContaining("is closed to others; run chmod o+x " + directory + ".");
    }

    @Test
    void a_killed_start_leaves_nothing() throws IOException {
        for (var step : List.of(FailPoint.Step.START_MOUNTED, FailPoint.Step.START_SUPERVISED)) {
            var id = lab.created(mapped("a-" + step).run("sleep", "600"));
            lab.killAt(step);
            assertThatThrownBy(() -> lab.containers.start(id)).isInstanceOf(Lab.Killed.class);
            lab.liveOn();
            lab.containers.cleanUp();
            lab.containers.start(id);
            assertThat(inside(id, "id -u")).isEqualTo("0");
        }
    }
}
