package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.copy.Copying;
import dev.lockstep.runtime.copy.Keep;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ways out of containers that other engines once had, tried as root inside of one that asks for nothing special. */
@Timeout(180)
class EscapeIT {
    private static final String SECRET = "this is the host's";

    @TempDir
    Path directory;

    Lab lab;
    Path secret;

    @BeforeEach
    void open() throws IOException {
        secret = Files.createDirectory(directory.resolve("host"));
        Files.writeString(secret.resolve("file"), SECRET);
        // The image's author knows the host: its links lead there.
        var image = TestImage.busybox("test/busybox:1")
                .layer(new TarBuilder()
                        .symlink("way", secret.toString())
                        .symlink("up", "../../../../../../../..")
                        .file("bin/evil", 0755, "#!/proc/self/exe\n".getBytes(StandardCharsets.US_ASCII))
                        .build());
        lab = new Lab(Files.createDirectory(directory.resolve("lab")), image);
    }

    @AfterEach
    void close() throws IOException {
        assertThat(secret.toFile().list()).containsExactly("file");
        assertThat(secret.resolve("file")).hasContent(SECRET);
        lab.close();
    }

    private String running() throws IOException {
        return lab.started(lab.wish("c").run("sleep", "600"));
    }

    /** CVE-2016-9962, CVE-2024-21626. */
    @Test
    void a_container_a_further_program_and_a_probe_have_three_descriptors() throws IOException {
        var ls = "ls /proc/self/fd | tr '\\n' ' '"; // the fourth is the directory
        var id = lab.started(lab.wish("c")
                .health(new HealthCheck(
                        Optional.of(List.of("CMD-SHELL", ls)),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()))
                .shell(ls + "; sleep 600"));
        lab.awaitLog(id, "0 1 2 3");
        assertThat(lab.exec(id, "sh", "-c", ls).out().strip()).isEqualTo("0 1 2 3");
        assertThat(lab.containers.probe(id).output().strip()).isEqualTo("0 1 2 3");
        try (var open = Files.list(Path.of("/proc/" + lab.pid(id) + "/fd"))) {
            assertThat(open.map(fd -> fd.getFileName().toString())).containsExactlyInAnyOrder("0", "1", "2");
        }
    }

    /** The same for each other way in which a process comes into a container. */
    @ParameterizedTest
    @CsvSource({"true, false, false", "false, true, false", "true, true, false", "false, false, true"})
    void who_has_a_terminal_or_an_input_or_is_a_hook_has_three_as_well(boolean tty, boolean input, boolean init)
            throws IOException {
        var ls = "ls /proc/self/fd | tr '\\n' ' '";
        var hook = new Hooks.Hook(
                List.of("sh", "-c", ls + " > /dev/shm/hook"), Optional.empty(), false, Optional.empty(), Map.of());
        var id = lab.started(lab.wish("c")
                .with(new ProcessOptions(List.of(), tty, input, init, Map.of(), Optional.empty()))
                .with(new Hooks(List.of(hook), List.of()))
                .run("sleep", "600"));
        lab.pid(id, init ? "docker-init" : "sleep");
        for (var process : lab.containers.processes(id)) {
            try (var open = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
                assertThat(open.map(fd -> fd.getFileName().toString()))
                        .as(process.toString())
                        .containsExactlyInAnyOrder("0", "1", "2");
            }
        }
        assertThat(lab.exec(id, "cat", "/dev/shm/hook").out().strip()).isEqualTo("0 1 2 3");
        var asked = List.of("sh", "-c", ls + " > /dev/shm/exec; cat /dev/shm/exec");
        for (var terminal : List.of(true, false)) {
            assertThat(lab.exec(
                                    id,
                                    new ExecSpec(
                                            asked,
                                            Map.of(),
                                            Optional.empty(),
                                            Optional.empty(),
                                            terminal,
                                            false,
                                            false),
                                    "")
                            .out()
                            .strip())
                    .isEqualTo("0 1 2 3");
        }
        lab.exec(
                id,
                new ExecSpec(
                        List.of("sh", "-c", ls + " > /dev/shm/detached"),
                        Map.of(),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        false,
                        true),
                "");
        await().untilAsserted(() -> assertThat(
                        lab.exec(id, "cat", "/dev/shm/detached").out().strip())
                .isEqualTo("0 1 2 3"));
    }

    /** CVE-2019-5736: while a program is begun in it, the container writes to whatever executes there. */
    @Test
    void the_runtime_is_not_overwritten_by_who_is_entered() throws IOException {
        var runtime = Lab.program(Lab.RUNTIME);
        var before = Files.readAllBytes(runtime);
        var id = lab.started(lab.wish("c")
                .shell("while :; do for exe in /proc/[0-9]*/exe; do case $(readlink $exe) in *" + Lab.RUNTIME + "*)"
                        + " echo seen; (echo overwritten >$exe) 2>/dev/null && echo written;; esac; done; done"));
        for (var i = 0; i < 4; i++) {
            lab.exec(id, "/bin/evil");
            lab.exec(id, "true");
        }
        assertThat(Files.readAllBytes(runtime)).isEqualTo(before);
        assertThat(new OciRuntime(Lab.RUNTIME, runtime, directory)
                        .run("--version")
                        .succeeded())
                .isTrue();
    }

    @Test
    void what_the_kernel_guards_is_not_written_to() throws IOException {
        var id = running();
        var cgroup = Files.isDirectory(Path.of("/sys/fs/cgroup/devices"));
        for (var file : List.of(
                "/proc/sys/kernel/core_pattern",
                "/proc/sys/kernel/modprobe",
                "/proc/sys/vm/panic_on_oom",
                "/proc/sysrq-trigger",
                "/proc/irq/default_smp_affinity",
                "/sys/kernel/uevent_helper",
                cgroup ? "/sys/fs/cgroup/devices/devices.allow" : "/sys/fs/cgroup/cgroup.procs",
                cgroup ? "/sys/fs/cgroup/memory/release_agent" : "/sys/fs/cgroup/memory.max",
                cgroup ? "/sys/fs/cgroup/memory/memory.limit_in_bytes" : "/sys/fs/cgroup/pids.max")) {
            // Nothing is written even where it could be: to open is enough.
            var tried = lab.exec(id, "sh", "-c", ": >>" + file);
            assertThat(tried.exitCode()).as(file + ": " + tried.err()).isNotZero();
            assertThat(tried.err()).containsAnyOf("Read-only", "denied", "not permitted", "nonexistent", "No such");
        }
    }

    @Test
    void mounts_and_namespaces_are_not_made() throws IOException {
        var id = running();
        for (var command : List.of(
                "mount -t tmpfs none /tmp",
                "mount -o remount,rw /sys",
                "mount -o remount,rw /proc/sys",
                "umount /proc/acpi",
                "busybox unshare -m true",
                "busybox nsenter -t 1 -m true",
                "busybox pivot_root / /tmp")) {
            assertThat(lab.exec(id, "sh", "-c", "busybox " + command.replaceFirst("^busybox ", ""))
                            .exitCode())
                    .as(command)
                    .isNotZero();
        }
    }

    @Test
    void a_device_may_be_made_and_not_opened() throws IOException {
        var id = running();
        var disk = Files.readString(Path.of("/proc/partitions"))
                .lines()
                .filter(line -> line.matches("\\s+\\d+\\s+\\d+\\s.*"))
                .map(line -> line.strip().split("\\s+"))
                .findFirst();
        for (var node : List.of(
                disk.map(d -> "b " + d[0] + " " + d[1]).orElse("b 8 0"), "c 1 1", "c 1 4", "c 10 229", "c 10 237")) {
            var tried = lab.exec(
                    id, "sh", "-c", "busybox mknod /tmp/node " + node + " && busybox head -c1 /tmp/node; rm /tmp/node");
            assertThat(tried.err()).as(node).contains("not permitted");
            assertThat(tried.out()).as(node).isEmpty();
        }
    }

    /** A session keyring of its own: else it would have that of whoever started it. */
    @Test
    void keys_of_others_are_not_seen() throws IOException {
        var id = running();
        assertThat(lab.exec(id, "cat", "/proc/keys").out()).isEmpty();
        // As the host sees it: the keyrings of that process.
        var open = lab.started(lab.wish("open")
                .with(new Isolation(
                        false,
                        false,
                        List.of(),
                        List.of(),
                        new SecurityOptions(Optional.empty(), Optional.empty(), Optional.empty(), List.of(), true),
                        Namespaces.NONE,
                        Optional.empty(),
                        Optional.empty(),
                        Map.of()))
                .run("sleep", "600"));
        var keys = lab.exec(open, "cat", "/proc/keys").out();
        assertThat(keys).contains((Lab.RUNTIME.equals("crun") ? " " : " _ses.") + open + ":");
    }

    /** Root among the host's processes, and with fewer capabilities than the other ones. */
    @Test
    void from_among_the_hosts_processes_nothing_is_read_out_of_them() throws IOException {
        var id = lab.started(lab.wish("c")
                .with(new Namespaces(
                        Optional.empty(),
                        Optional.of(new NamespaceMode.Host()),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()))
                .run("sleep", "600"));
        var own = ProcessHandle.current().pid();
        for (var file : List.of("environ", "mem", "maps", "root/etc/passwd", "cwd/", "fd/", "ns/")) {
            var tried =
                    lab.exec(id, "sh", "-c", "ls -l /proc/" + own + "/" + file + " && cat /proc/" + own + "/" + file);
            assertThat(tried.exitCode()).as(file).isNotZero();
        }
    }

    @Test
    void sockets_of_the_host_are_not_there() throws IOException {
        assertThat(lab.exec(running(), "cat", "/proc/net/unix").out().lines()).hasSize(1);
    }

    /** CVE-2021-30465 and its like: where a mount goes, where it works, and a link that leads out. */
    @Test
    void links_of_the_image_lead_nowhere_outside_of_it() throws IOException {
        for (var wish : List.of(
                lab.wish("work").workingDir("/way/work").run("true"),
                lab.wish("mount")
                        .mount(new MountSpec.Anonymous("/way/below", false))
                        .shell("touch /way/below/mine"))) {
            var id = lab.created(wish);
            try {
                lab.containers.start(id);
                lab.containers.await(id);
            } catch (ContainerException e) {
                assertThat(e.getMessage()).doesNotContain(SECRET); // refused is as good: there is nothing inside
            }
        }
        var up = lab.output(lab.wish("up")
                .mount(new MountSpec.Anonymous("/up/mounted", false))
                .shell("ls /"));
        assertThat(up).contains("mounted");
        assertThat(Path.of("/mounted")).doesNotExist();
    }

    @Test
    void two_that_share_a_volume_and_swap_a_link_get_nothing_of_the_host() throws Exception {
        lab.volumes.create(new VolumeSpec("v", new Owner("test-host", "test", Optional.empty()), Map.of()));
        var swapper = lab.started(lab.wish("swapper")
                .mount(new MountSpec.Volume("v", "/v", false, false))
                .shell("cd /v; mkdir -p d; ln -s " + secret + " l;"
                        + " while :; do busybox mv d t; busybox mv -T l d; busybox mv -T d l; busybox mv t d; done"
                        + " 2>/dev/null"));
        for (var i = 0; i < 8; i++) {
            var id = lab.created(lab.wish("c")
                    .mount(new MountSpec.Volume("v", "/v", false, false))
                    .mount(new MountSpec.Anonymous("/v/d/below", false))
                    .shell("cat /v/d/file; touch /v/d/below/mine"));
            try {
                lab.containers.start(id);
                lab.containers.await(id);
                assertThat(lab.log(id)).doesNotContain(SECRET);
            } catch (ContainerException e) {
                // The link was there when it was looked at: refused is as good.
                assertThat(e.getMessage()).doesNotContain(SECRET);
            }
            lab.containers.remove(id, true, true);
        }
        lab.containers.remove(swapper, true, true);
    }

    @Test
    void a_shell_and_users_that_are_traps_hold_nobody_up() throws IOException {
        var id = lab.started(lab.wish("c")
                .shell("cd /etc; rm group; busybox dd if=/dev/zero of=group bs=1 count=1 seek=8589934591 2>/dev/null;"
                        + " rm -f /bin/sh; echo '#!/bin/nothing' >/bin/sh; busybox chmod 755 /bin/sh; echo ready;"
                        + " exec busybox sleep 600"));
        lab.awaitLog(id, "ready");
        // The runtime would read all of it into memory.
        assertThatThrownBy(() -> lab.exec(id, "busybox", "true")).hasMessageContaining("/etc/group is as large as");
        lab.containers.stop(id, Optional.of(Duration.ZERO));
        assertThatThrownBy(() -> lab.containers.start(id)).hasMessageContaining("/etc/group is as large as");
    }

    @Test
    void what_is_copied_out_is_neither_waited_for_nor_blown_up_nor_followed() throws IOException {
        var id = lab.started(lab.wish("c")
                .shell("mkdir /out; cd /out; busybox mkfifo fifo; ln -s " + secret + "/file link; ln -s fifo loop;"
                        + " busybox dd if=/dev/zero of=giant bs=1 count=1 seek=268435456 2>/dev/null;"
                        + " touch \"$(printf 'a\\033[2Jb\\nc')\"; touch ./-rf; echo ready; sleep 600"));
        lab.awaitLog(id, "ready");
        var target = Files.createDirectory(directory.resolve("copied"));
        try (var tree = lab.containers.tree(id, "archive-path");
                var host = Directory.open(Path.of("/"))) {
            Copying.copy(
                    new Copying.End(tree.root(), "/out", "in the container"),
                    new Copying.End(host, target.toString(), "here"),
                    false,
                    new Keep(false, false));
        }
        var out = target.resolve("out");
        assertThat(Files.isSymbolicLink(out.resolve("link"))).isTrue();
        assertThat(out.resolve("-rf")).exists();
        assertThat(out.resolve("a\u001b[2Jb\nc")).exists();
        assertThat(Files.size(out.resolve("giant"))).isEqualTo(268435457L);
        assertThat(blocks(out.resolve("giant")))
                .as("512-byte blocks on the disk")
                .isLessThan(10_000);
    }

    private static long blocks(Path file) throws IOException {
        var stat = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
        return Long.parseLong(new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip());
    }
}
