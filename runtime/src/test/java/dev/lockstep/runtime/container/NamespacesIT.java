package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Namespaces of the host and of other containers. */
class NamespacesIT {
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

    private static Namespaces namespaces(
            NamespaceMode network, NamespaceMode pid, NamespaceMode ipc, NamespaceMode uts) {
        return new Namespaces(
                Optional.of(network),
                Optional.of(pid),
                Optional.of(ipc),
                Optional.of(uts),
                Optional.empty(),
                Optional.empty());
    }

    private static Path namespace(int pid, String type) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc", String.valueOf(pid), "ns", type));
    }

    private static final NamespaceMode OWN = new NamespaceMode.Own();

    @Test
    void those_of_the_host() throws IOException {
        var host = new NamespaceMode.Host();
        var id = lab.started(
                lab.wish("c").with(namespaces(host, host, host, host)).run("sleep", "600"));
        var own = (int) ProcessHandle.current().pid();
        for (var type : List.of("net", "pid", "ipc", "uts")) {
            assertThat(namespace(lab.pid(id), type)).as(type).isEqualTo(namespace(own, type));
        }
        assertThat(namespace(lab.pid(id), "mnt")).isNotEqualTo(namespace(own, "mnt"));
        assertThat(lab.exec(id, "hostname").out().strip()).isEqualTo(Lab.read("/proc/sys/kernel/hostname"));
        assertThat(lab.exec(id, "cat", "/etc/hostname").out().strip()).isEqualTo(Lab.read("/proc/sys/kernel/hostname"));
        // Its process 1 is not the namespace's: everything of the cgroup ends with it.
        assertThat(lab.exec(id, ExecSpec.of("sh", "-c", "sleep 500 & true"), "").exitCode())
                .isZero();
        lab.containers.stop(id, Optional.of(Duration.ZERO));
    }

    @Test
    void those_of_another_container_with_its_names_and_its_memory() throws IOException {
        var target = lab.started(lab.wish("target")
                .hostname("target-host")
                .with(namespaces(OWN, OWN, new NamespaceMode.Shareable(), OWN))
                .with(o -> o.with(new StorageOptions(Optional.of(1L << 20), List.of())))
                .run("sleep", "600"));
        var of = new NamespaceMode.Of("target");
        var id = lab.started(lab.wish("guest").with(namespaces(of, of, of, of)).run("sleep", "600"));
        for (var type : List.of("net", "pid", "ipc", "uts")) {
            assertThat(namespace(lab.pid(id), type)).as(type).isEqualTo(namespace(lab.pid(target), type));
        }
        assertThat(lab.exec(id, "hostname").out()).isEqualTo("target-host\n");
        lab.exec(target, "sh", "-c", "echo seen > /dev/shm/x; echo 192.0.2.1 added >> /etc/hosts");
        assertThat(lab.exec(id, "cat", "/dev/shm/x").out()).isEqualTo("seen\n");
        assertThat(lab.exec(id, "cat", "/etc/hosts").out()).contains("192.0.2.1 added");
        assertThat(lab.exec(id, "grep", " /dev/shm ", "/proc/mounts").out()).contains("size=1024k");
        assertThat(lab.exec(id, "sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline").out())
                .startsWith("sleep 600");
        assertThat(lab.containers.observe(id).orElseThrow().left()).isEmpty();

        // The other one begins anew: what this one is in is nobody's any more.
        lab.containers.restart(target, Optional.of(Duration.ZERO));
        if (lab.containers.observe(id).orElseThrow().isRunning()) {
            assertThat(lab.containers.observe(id).orElseThrow().left()).containsExactly("target");
        }
        lab.containers.restart(id, Optional.of(Duration.ZERO));
        assertThat(namespace(lab.pid(id), "net")).isEqualTo(namespace(lab.pid(target), "net"));
    }

    @Test
    void an_init_beside_other_processes_of_another_container_still_reaps() throws IOException {
        lab.started(lab.wish("target").run("sleep", "600"));
        var init = new ProcessOptions(List.of(), false, false, true, Map.of(), Optional.empty());
        var id = lab.started(lab.wish("guest")
                .with(namespaces(OWN, new NamespaceMode.Of("target"), OWN, OWN))
                .with(init)
                .run("sleep", "600"));
        // A start that returns has let the runtime's init go; its next step is the program.
        var line = Path.of("/proc/" + lab.pid(id) + "/cmdline");
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(Files.readString(line).replace('\0', ' '))
                        .startsWith("/sbin/docker-init -s -- sleep"));
    }

    @Test
    void who_does_not_run_or_does_not_share_cannot_be_joined() throws IOException {
        var of = new NamespaceMode.Of("target");
        var guest = lab.wish("guest").with(namespaces(OWN, OWN, of, OWN)).run("true");
        var id = lab.created(guest);
        assertThatThrownBy(() -> lab.containers.start(id))
                .hasMessage("container guest cannot enter the ipc namespace of container target: there is no such"
                        + " container.");
        var target = lab.created(lab.wish("target").run("sleep", "600"));
        assertThatThrownBy(() -> lab.containers.start(id)).hasMessageContaining("it does not run");
        lab.containers.start(target);
        assertThatThrownBy(() -> lab.containers.start(id)).hasMessageContaining("it does not say ipc: shareable");
    }

    @Test
    void no_memory_to_share_and_a_size_of_it() throws IOException {
        var none = lab.started(lab.wish("a")
                .with(namespaces(OWN, OWN, new NamespaceMode.None(), OWN))
                .run("sleep", "600"));
        assertThat(lab.exec(none, "grep", "-c", " /dev/shm ", "/proc/mounts").out())
                .isEqualTo("0\n");
        var sized = lab.started(lab.wish("b")
                .with(new StorageOptions(Optional.of(3L << 20), List.of()))
                .run("sleep", "600"));
        assertThat(lab.exec(sized, "grep", " /dev/shm ", "/proc/mounts").out()).contains("size=3072k");
        var plain = lab.started(lab.wish("c").run("sleep", "600"));
        assertThat(lab.exec(plain, "grep", " /dev/shm ", "/proc/mounts").out()).contains("size=65536k");
    }

    @Test
    void a_cgroup_namespace_of_its_own_hides_where_it_is() throws IOException {
        var own = lab.started(lab.wish("a")
                .with(new Namespaces(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(OWN)))
                .run("sleep", "600"));
        assertThat(lab.exec(own, "cat", "/proc/1/cgroup").out()).doesNotContain(own);
        var host = lab.started(lab.wish("b")
                .with(new Namespaces(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(new NamespaceMode.Host())))
                .run("sleep", "600"));
        assertThat(lab.exec(host, "cat", "/proc/1/cgroup").out()).contains(host);
    }
}
