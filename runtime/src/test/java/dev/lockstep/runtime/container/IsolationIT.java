package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Capabilities, seccomp, read-only, privileged, sysctls, cgroup parents, runtimes, names: as the kernel says it. */
class IsolationIT {
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

    private static final long DEFAULT = 0xa80425fbL;

    private static Isolation isolation(List<String> add, List<String> drop, SecurityOptions security) {
        return Isolation.NONE.withCapabilities(add, drop).with(security);
    }

    private static SecurityOptions security(Optional<Boolean> nnp, Optional<String> seccomp, boolean open) {
        return new SecurityOptions(nnp, seccomp, Optional.empty(), List.of(), open);
    }

    private static String status(int pid, String key) throws IOException {
        return Lab.read("/proc/" + pid + "/status")
                .lines()
                .filter(line -> line.startsWith(key + ":"))
                .findFirst()
                .orElseThrow()
                .substring(key.length() + 1)
                .strip();
    }

    private long capabilities(String id, String set) throws IOException {
        return Long.parseUnsignedLong(status(lab.pid(id), set), 16);
    }

    @Test
    void capabilities_are_added_dropped_and_all_or_none() throws IOException {
        var admin = 1L << 12;
        var chown = 1L;
        var all = Long.parseUnsignedLong(status((int) ProcessHandle.current().pid(), "CapBnd"), 16);
        var plain = lab.started(lab.wish("a").run("sleep", "600"));
        var more = lab.started(lab.wish("b")
                .with(isolation(List.of("CAP_NET_ADMIN"), List.of("CAP_CHOWN"), SecurityOptions.NONE))
                .run("sleep", "600"));
        var none = lab.started(lab.wish("c")
                .with(isolation(List.of("CAP_CHOWN"), List.of("ALL"), SecurityOptions.NONE))
                .run("sleep", "600"));
        var every = lab.started(lab.wish("d")
                .with(isolation(List.of("ALL"), List.of("CAP_CHOWN"), SecurityOptions.NONE))
                .run("sleep", "600"));
        for (var set : List.of("CapBnd", "CapPrm", "CapEff")) {
            assertThat(capabilities(plain, set)).as(set).isEqualTo(DEFAULT);
            assertThat(capabilities(more, set)).as(set).isEqualTo(DEFAULT & ~chown | admin);
            assertThat(capabilities(none, set)).as(set).isEqualTo(chown);
            assertThat(capabilities(every, set)).as(set).isEqualTo(all & ~chown);
        }
        for (var set : List.of("CapInh", "CapAmb")) {
            assertThat(capabilities(every, set)).as(set).isZero();
        }
        assertThat(lab.exec(none, "grep", "CapEff", "/proc/self/status").out()).endsWith("0000000000000001\n");
    }

    @Test
    void a_capability_that_linux_does_not_have_is_refused() {
        assertThatThrownBy(() -> lab.created(lab.wish("c")
                        .with(isolation(List.of("CAP_FLY"), List.of(), SecurityOptions.NONE))
                        .run("true")))
                .hasMessageContaining("this host has no capability CAP_FLY");
    }

    @Test
    void no_new_privileges_seccomp_and_system_paths() throws IOException {
        var plain = lab.started(lab.wish("a").run("sleep", "600"));
        assertThat(status(lab.pid(plain), "NoNewPrivs")).isEqualTo("0");
        assertThat(status(lab.pid(plain), "Seccomp")).isEqualTo("2");
        assertThat(lab.exec(plain, "sh", "-c", "cat /proc/kcore; echo 1 > /proc/sys/kernel/printk")
                        .err())
                .contains("Read-only file system");

        var bare = lab.started(lab.wish("b")
                .with(isolation(List.of(), List.of(), security(Optional.of(true), Optional.of("unconfined"), true)))
                .run("sleep", "600"));
        assertThat(status(lab.pid(bare), "NoNewPrivs")).isEqualTo("1");
        assertThat(status(lab.pid(bare), "Seccomp")).isEqualTo("0");
        assertThat(Lab.read("/proc/" + lab.pid(bare) + "/mountinfo"))
                .doesNotContain(" /proc/kcore ")
                .doesNotContain(" /proc/sys ");
        assertThat(lab.exec(bare, "grep", "NoNewPrivs", "/proc/self/status").out())
                .endsWith("\t1\n");
    }

    @Test
    void a_profile_of_ones_own_holds_for_everybody_inside() throws IOException {
        var profile = """
                {"defaultAction": "SCMP_ACT_ALLOW",
                 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
                """;
        var id = lab.started(lab.wish("c")
                .with(isolation(List.of(), List.of(), security(Optional.empty(), Optional.of(profile), false)))
                .run("sleep", "600"));
        assertThat(lab.exec(id, "mkdir", "/tmp/x").err()).contains("No space left on device");
        assertThatThrownBy(() -> lab.started(lab.wish("d")
                        .with(isolation(List.of(), List.of(), security(Optional.empty(), Optional.of("{"), false)))
                        .run("true")))
                .hasMessageContaining("its seccomp profile is not JSON");
    }

    @Test
    void a_root_that_is_read_only_is_so_for_our_files_too_and_not_for_memory() throws IOException {
        var id = lab.started(lab.wish("c")
                .readOnly()
                .mount(new MountSpec.Tmpfs("/t", Optional.empty(), Optional.empty(), false))
                .run("sleep", "600"));
        for (var path : List.of("/x", "/etc/hosts", "/etc/resolv.conf")) {
            assertThat(lab.exec(id, "sh", "-c", "echo > " + path).err())
                    .as(path)
                    .contains("Read-only file system");
        }
        for (var path : List.of("/t/x", "/dev/shm/x")) {
            assertThat(lab.exec(id, "sh", "-c", "echo > " + path).exitCode())
                    .as(path)
                    .isZero();
        }
    }

    @Test
    void from_a_privileged_one_nothing_is_kept() throws IOException {
        var id = lab.started(lab.wish("c").privileged().run("sleep", "600"));
        var all = Long.parseUnsignedLong(status((int) ProcessHandle.current().pid(), "CapBnd"), 16);
        assertThat(capabilities(id, "CapEff")).isEqualTo(all);
        assertThat(status(lab.pid(id), "Seccomp")).isEqualTo("0");
        var mounts = Lab.read("/proc/" + lab.pid(id) + "/mountinfo");
        assertThat(mounts)
                .containsPattern(" /sys rw,")
                .doesNotContain(" /proc/kcore ")
                .doesNotContain(" /proc/sys ");
        assertThat(lab.exec(id, "test", "-c", "/dev/kmsg").exitCode()).isZero();
        assertThat(lab.exec(id, "sh", "-c", "mknod /dev/x b 7 0 && head -c 0 /dev/x")
                        .exitCode())
                .isZero();
    }

    @Test
    void sysctls_are_set_inside_and_nowhere_else() throws IOException {
        var before = Lab.read("/proc/sys/net/core/somaxconn");
        var isolation = new Isolation(
                false,
                false,
                List.of(),
                List.of(),
                SecurityOptions.NONE,
                Namespaces.NONE,
                Optional.empty(),
                Optional.empty(),
                Map.of("net.core.somaxconn", "777", "kernel.msgmax", "4321"));
        var id = lab.started(lab.wish("c").with(isolation).run("sleep", "600"));
        assertThat(lab.exec(id, "cat", "/proc/sys/net/core/somaxconn", "/proc/sys/kernel/msgmax")
                        .out())
                .isEqualTo("777\n4321\n");
        assertThat(lab.exec(id, "cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start")
                        .out())
                .isEqualTo("0\n");
        assertThat(Lab.read("/proc/sys/net/core/somaxconn")).isEqualTo(before);
    }

    @Test
    void a_parent_that_we_made_goes_with_the_last_and_one_that_was_there_stays() throws IOException {
        assumeTrue(Lab.limits(), "version 2 without its controllers, as in .ci/v2");
        var cgroups = dev.lockstep.runtime.linux.Cgroups.detect();
        var name = "/lockstep-test-" + lab.root.shortId();
        var theirs = cgroups.at(name + "-theirs");
        theirs.create();
        try {
            var ids = new java.util.ArrayList<String>();
            for (var parent : List.of(name + "/deep", name + "/deep", name + "-theirs")) {
                var isolation = Isolation.NONE.below(parent);
                var id = lab.started(lab.wish("c" + ids.size())
                        .with(isolation)
                        .memory(64 << 20)
                        .run("sleep", "600"));
                ids.add(id);
                assertThat(Lab.read("/proc/" + lab.pid(id) + "/cgroup")).contains(":" + parent + "/" + id);
                assertThat(lab.withLimits(id).limits().orElseThrow().memory()).contains(64L << 20);
            }
            lab.containers.remove(ids.get(0), true, true);
            assertThat(cgroups.at(name).exists()).isTrue();
            lab.containers.remove(ids.get(1), true, true);
            assertThat(cgroups.at(name).exists()).isFalse();
            lab.containers.remove(ids.get(2), true, true);
            assertThat(theirs.exists()).isTrue();
        } finally {
            for (var container : lab.containers.observe()) {
                lab.containers.remove(container.id(), true, true);
            }
            assertThat(theirs.remove()).isTrue();
        }
    }

    @Test
    void names_and_words() throws IOException {
        var id = lab.started(lab.wish("c")
                .hostname("box")
                .with(new Naming(
                        Optional.of("example.org"),
                        List.of(new Naming.ExtraHost("db", "192.0.2.7"), new Naming.ExtraHost("six", "2001:db8::1")),
                        Map.of("org.example.word", "value")))
                .run("sleep", "600"));
        assertThat(lab.exec(id, "cat", "/proc/sys/kernel/domainname").out()).isEqualTo("example.org\n");
        assertThat(lab.exec(id, "cat", "/etc/hosts").out()).contains("192.0.2.7\tdb\n", "2001:db8::1\tsix\n");
        var config = Files.readString(lab.files(id).config());
        assertThat(lab.root.json().readTree(config).path("annotations").toString())
                .isEqualTo("{\"org.example.word\":\"value\"}");
        var pid = lab.pid(id);
        lab.containers.update(
                id,
                lab.wish("c")
                        .hostname("box")
                        .with(new Naming(
                                Optional.of("example.org"),
                                List.of(new Naming.ExtraHost("db", "192.0.2.8")),
                                Map.of("org.example.word", "value")))
                        .run("sleep", "600")
                        .spec());
        assertThat(lab.exec(id, "cat", "/etc/hosts").out())
                .contains("192.0.2.8\tdb\n")
                .doesNotContain("six");
        assertThat(lab.pid(id)).isEqualTo(pid);
    }

    @Test
    void the_host_cannot_be_reached_without_a_network() {
        assertThatThrownBy(() -> lab.started(lab.wish("c")
                        .with(new Naming(
                                Optional.empty(), List.of(new Naming.ExtraHost("host", Naming.HOST_GATEWAY)), Map.of()))
                        .run("true")))
                .hasMessageContaining("there is no way to the host for host=host-gateway");
    }

    @Test
    void a_runtime_by_name_starts_stops_and_is_asked_to_run_more() throws IOException {
        var isolation = Isolation.NONE.withRuntime(Optional.of("runc"));
        var id = lab.started(lab.wish("c").with(isolation).run("sleep", "600"));
        assertThat(lab.containers.observe(id).orElseThrow().record().made().ociRuntime())
                .isEqualTo("runc");
        assertThat(lab.exec(id, "echo", "hi").out()).isEqualTo("hi\n");
        assertThat(lab.containers.stop(id, Optional.of(java.time.Duration.ZERO)))
                .isInstanceOf(StopResult.Stopped.class);
    }
}
