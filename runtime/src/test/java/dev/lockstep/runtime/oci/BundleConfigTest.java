package dev.lockstep.runtime.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.DeviceNumber;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.store.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BundleConfigTest {
    private static List<String> destinations(BundleMount... asked) {
        return BundleConfig.merge(List.of(asked)).stream()
                .map(BundleMount::destination)
                .toList();
    }

    @Test
    void parents_are_mounted_before_what_is_below() {
        assertThat(destinations(BundleMount.bind("/h", "/data/deep/er", false), BundleMount.bind("/h", "/data", false)))
                .containsSubsequence("/data", "/data/deep/er")
                .containsSubsequence("/dev", "/dev/pts")
                .containsSubsequence("/sys", "/sys/fs/cgroup");
    }

    @Test
    void what_is_asked_for_replaces_the_default() {
        var shm = BundleConfig.merge(List.of(BundleMount.bind("/h", "/dev/shm", false))).stream()
                .filter(m -> m.destination().equals("/dev/shm"))
                .toList();
        assertThat(shm).containsExactly(BundleMount.bind("/h", "/dev/shm", false));
        assertThat(destinations(BundleMount.bind("/dev", "/dev", false))).doesNotContain("/dev/pts", "/dev/shm");
    }

    private static final JsonMapper JSON = Json.mapper();

    private static Bundle bundle(boolean privileged, boolean openSystemPaths) {
        var node =
                new HostDevices.Node("/dev/k", FileStatus.Type.CHARACTER_DEVICE, new DeviceNumber(1, 11), 0640, 1, 2);
        return new Bundle(
                new ProcessSpec(
                        true,
                        new ContainerUser(1000, 1000, List.of(1000, 4321), "/"),
                        List.of("sh"),
                        Map.of("A", "b"),
                        "/w",
                        List.of("CAP_KILL"),
                        new ProcessRules(
                                true,
                                321,
                                Map.of("nofile", new Rlimit(1, -1)),
                                Optional.of("web"),
                                Optional.of("system_u:system_r:container_t:s0"))),
                Path.of("/root"),
                true,
                Optional.empty(),
                "/x/y",
                List.of(
                        BundleNamespace.created("pid"),
                        new BundleNamespace("network", Optional.of(Path.of("/pins/net")))),
                Optional.empty(),
                List.of(),
                Set.of("/dev/shm"),
                Map.of("kernel.msgmax", "7"),
                JSON.createObjectNode(),
                new BundleDevices(List.of(node), List.of(BundleDevices.Rule.parse("c 1:* rw"))),
                Optional.empty(),
                privileged,
                openSystemPaths,
                Map.of("k", "v"),
                Optional.of("rslave"),
                Optional.of("label"),
                Map.of("poststart", List.of(JSON.createObjectNode().put("path", "/bin/x"))));
    }

    @Test
    void all_of_it_stands_where_the_specification_has_it() {
        var config = new BundleConfig(JSON).of(bundle(false, false));
        assertThat(config.at("/root/readonly").asBoolean()).isTrue();
        assertThat(config.has("hostname")).isFalse();
        assertThat(config.at("/annotations/k").asText()).isEqualTo("v");
        assertThat(config.at("/hooks/poststart/0/path").asText()).isEqualTo("/bin/x");
        assertThat(config.at("/process/terminal").asBoolean()).isTrue();
        assertThat(config.at("/process/noNewPrivileges").asBoolean()).isTrue();
        assertThat(config.at("/process/oomScoreAdj").asInt()).isEqualTo(321);
        assertThat(config.at("/process/rlimits"))
                .hasToString("[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1,\"hard\":18446744073709551615}]");
        assertThat(config.at("/process/apparmorProfile").asText()).isEqualTo("web");
        assertThat(config.at("/process/selinuxLabel").asText()).startsWith("system_u:");
        // Not root: nothing is effective, and everything may be.
        assertThat(config.at("/process/capabilities"))
                .hasToString("{\"bounding\":[\"CAP_KILL\"],\"permitted\":[],\"effective\":[]}");
        assertThat(config.at("/linux/namespaces"))
                .hasToString(
                        "[{\"type\":\"mount\"},{\"type\":\"pid\"}," + "{\"type\":\"network\",\"path\":\"/pins/net\"}]");
        assertThat(config.at("/linux/sysctl")).hasToString("{\"kernel.msgmax\":\"7\"}");
        assertThat(config.at("/linux/devices"))
                .hasToString("[{\"path\":\"/dev/k\",\"type\":\"c\",\"major\":1,\"minor\":11,\"fileMode\":416,"
                        + "\"uid\":1,\"gid\":2}]");
        var rules = config.at("/linux/resources/devices");
        assertThat(rules.get(rules.size() - 1))
                .hasToString("{\"allow\":true,\"type\":\"c\",\"major\":1,\"access\":\"rw\"}");
        assertThat(config.at("/linux/rootfsPropagation").asText()).isEqualTo("rslave");
        assertThat(config.at("/linux/mountLabel").asText()).isEqualTo("label");
        assertThat(config.path("linux").has("seccomp")).isFalse();
        assertThat(config.at("/linux/maskedPaths").toString()).contains("/proc/kcore");
        assertThat(config.path("mounts").toString()).doesNotContain("/dev/shm");
    }

    @Test
    void a_privileged_one_may_write_to_sys_and_has_nothing_hidden() {
        var config = new BundleConfig(JSON).of(bundle(true, false));
        assertThat(config.path("linux").has("maskedPaths")).isFalse();
        for (var mount : config.path("mounts")) {
            if (mount.path("destination").asText().startsWith("/sys")) {
                assertThat(mount.path("options").toString()).doesNotContain("\"ro\"");
            }
        }
        assertThat(new BundleConfig(JSON).of(bundle(false, true)).path("linux").has("maskedPaths"))
                .isFalse();
    }

    @Test
    void what_is_no_rule_is_refused() {
        for (var text : List.of("c 1:3", "x 1:3 r", "c 1:3 rwx", "c one:3 r", "")) {
            assertThatThrownBy(() -> BundleDevices.Rule.parse(text)).as(text).hasMessageContaining("is no rule");
        }
    }
}
