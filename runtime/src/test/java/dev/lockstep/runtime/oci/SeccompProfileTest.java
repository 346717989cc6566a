package dev.lockstep.runtime.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.Architecture;
import dev.lockstep.runtime.store.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeccompProfileTest {
    @TempDir
    Path directory;

    private static final String PROFILE = """
            {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "defaultErrno": "ENOSYS",
             "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
                         {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}],
             "syscalls": [
              {"names": ["always"], "action": "SCMP_ACT_ALLOW", "args": [], "comment": "", "includes": {}, "excludes": {}},
              {"names": ["with-admin"], "action": "SCMP_ACT_ALLOW", "args": null, "includes": {"caps": ["CAP_SYS_ADMIN"]}, "excludes": {}},
              {"names": ["without-admin"], "action": "SCMP_ACT_ERRNO", "args": [], "includes": {}, "excludes": {"caps": ["CAP_SYS_ADMIN", "CAP_BPF"]}, "errnoRet": 1, "errno": "EPERM"},
              {"names": ["amd-only"], "action": "SCMP_ACT_ALLOW", "args": [], "includes": {"arches": ["amd64"]}, "excludes": {}},
              {"names": ["new-kernel"], "action": "SCMP_ACT_ALLOW", "args": [], "includes": {"minKernel": "4.8"}, "excludes": {}},
              {"names": ["old-kernel"], "action": "SCMP_ACT_ALLOW", "args": [], "includes": {}, "excludes": {"minKernel": "4.8"}},
              {"name": "single", "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8, "valueTwo": 0, "op": "SCMP_CMP_EQ", "extra": 1}]}
             ]}""";

    private static ObjectNode translated(List<String> capabilities, Architecture architecture, String kernel)
            throws IOException {
        return SeccompProfile.of(PROFILE.getBytes(StandardCharsets.UTF_8), Json.mapper())
                .forContainer(capabilities, architecture, KernelVersion.parse(kernel));
    }

    private static List<String> names(ObjectNode profile) {
        return profile.path("syscalls")
                .valueStream()
                .map(rule -> rule.path("names").path(0).asText())
                .toList();
    }

    @Test
    void rules_are_kept_by_capabilities_architecture_and_kernel() throws IOException {
        assertThat(names(translated(Capabilities.DEFAULT, Architecture.X86_64, "6.1.0-13-amd64")))
                .containsExactly("always", "without-admin", "amd-only", "new-kernel", "single");
        assertThat(names(translated(List.of("CAP_SYS_ADMIN"), Architecture.AARCH64, "4.4")))
                .containsExactly("always", "with-admin", "old-kernel", "single");
    }

    @Test
    void nothing_is_written_that_runtimes_do_not_know() throws IOException {
        var profile = translated(Capabilities.DEFAULT, Architecture.X86_64, "6.1");
        assertThat(profile.fieldNames())
                .toIterable()
                .containsExactly("defaultAction", "defaultErrnoRet", "architectures", "syscalls");
        assertThat(profile.path("architectures").toString())
                .isEqualTo("[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"]");
        assertThat(profile.path("syscalls").path(1).toString())
                .isEqualTo("{\"names\":[\"without-admin\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1}");
        assertThat(profile.path("syscalls").path(4).path("args").toString())
                .isEqualTo("[{\"index\":0,\"value\":8,\"valueTwo\":0,\"op\":\"SCMP_CMP_EQ\"}]");
    }

    /** As Docker's: what the distribution leaves to the kernel. */
    @Test
    void the_hosts_profile_is_narrowed_by_capabilities_and_one_of_ones_own_is_not() throws IOException {
        var text = """
                {"defaultAction": "SCMP_ACT_ERRNO",
                 "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]}],
                 "syscalls": [
                  {"names": ["read", "mount", "clone", "clone3", "unshare", "keyctl", "syslog"], "action": "SCMP_ACT_ALLOW"},
                  {"names": ["setns"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
                  {"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "excludes": {"caps": ["CAP_SYS_ADMIN"]}}]}
                """;
        var file = Files.writeString(directory.resolve("seccomp.json"), text);
        var narrowed = SeccompProfile.read(file, Json.mapper());
        assertThat(narrowed.forContainer(Capabilities.DEFAULT, Architecture.X86_64, KernelVersion.parse("6.1"))
                        .path("architectures")
                        .toString())
                .isEqualTo("[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"]");
        assertThat(narrowed.forContainer(Capabilities.DEFAULT).path("syscalls").toString())
                .isEqualTo("[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
                        + "{\"names\":[\"fsconfig\",\"fsmount\",\"fsopen\",\"fspick\",\"keyctl\",\"mount\","
                        + "\"mount_setattr\",\"move_mount\",\"open_tree\",\"pidfd_getfd\",\"pivot_root\",\"reboot\","
                        + "\"setns\",\"syslog\",\"umount\",\"umount2\",\"unshare\"],"
                        + "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1},"
                        + "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\","
                        + "\"args\":[{\"index\":0,\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
                        + Stream.of(131072, 33554432, 67108864, 134217728, 268435456, 536870912, 1073741824)
                                .map(flag -> "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1,"
                                        + "\"args\":[{\"index\":0,\"value\":" + flag + ",\"valueTwo\":" + flag
                                        + ",\"op\":\"SCMP_CMP_MASKED_EQ\"}]},")
                                .collect(Collectors.joining())
                        + "{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}]");
        assertThat(narrowed.forContainer(List.of("CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_PTRACE"))
                        .path("syscalls")
                        .toString())
                .isEqualTo("[{\"names\":[\"read\",\"mount\",\"clone\",\"clone3\",\"unshare\",\"keyctl\",\"syslog\"],"
                        + "\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"setns\"],\"action\":\"SCMP_ACT_ALLOW\"}]");
        assertThat(names(narrowed.forContainer(List.of("CAP_SYSLOG"))))
                .startsWith("read", "fsconfig", "clone")
                .endsWith("clone", "clone3");
        assertThat(SeccompProfile.of(text.getBytes(StandardCharsets.UTF_8), Json.mapper())
                        .forContainer(Capabilities.DEFAULT)
                        .path("syscalls")
                        .toString())
                .contains("\"unshare\"")
                .doesNotContain("MASKED");
    }

    /** As the distribution's rules for who may not write to the audit log: netlink, but not that protocol. */
    @Test
    void sockets_are_of_the_families_that_docker_allows() throws IOException {
        var file = Files.writeString(directory.resolve("seccomp.json"), """
                {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
                  {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 22, "args": [
                    {"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}, {"index": 2, "value": 9, "op": "SCMP_CMP_EQ"}]},
                  {"names": ["socket", "bind"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 9, "op": "SCMP_CMP_NE"}]},
                  {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_NE"}]}]}
                """);
        var rules = SeccompProfile.read(file, Json.mapper())
                .forContainer(List.of("CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_PTRACE"))
                .path("syscalls")
                .valueStream()
                .map(rule -> rule.path("names").path(0).asText() + " "
                        + rule.path("action").asText().substring(9)
                        + rule.path("args")
                                .valueStream()
                                .map(arg -> " " + arg.path("index").asText()
                                        + arg.path("op").asText().substring(9)
                                        + arg.path("value").asText()
                                        + (arg.has("valueTwo")
                                                ? "=" + arg.path("valueTwo").asText()
                                                : ""))
                                .collect(Collectors.joining()))
                .toList();
        assertThat(rules)
                .containsExactly(
                        "socket ERRNO 0EQ16 2EQ9",
                        "bind ALLOW 2NE9",
                        "socket ALLOW 0LT12",
                        "socket ALLOW 0EQ13",
                        "socket ALLOW 0MASKED_EQ4294967294=14",
                        "socket ALLOW 0EQ16 2NE9",
                        "socket ALLOW 0EQ17",
                        "socket ALLOW 0EQ18",
                        "socket ALLOW 0EQ21",
                        "socket ALLOW 0EQ22",
                        "socket ALLOW 0EQ24",
                        "socket ALLOW 0MASKED_EQ4294967294=26",
                        "socket ALLOW 0MASKED_EQ4294967292=28",
                        "socket ALLOW 0MASKED_EQ4294967294=32",
                        "socket ALLOW 0EQ35",
                        "socket ALLOW 0EQ36",
                        "socket ALLOW 0EQ39",
                        "socket ALLOW 0EQ41",
                        "socket ALLOW 0MASKED_EQ4294967294=42",
                        "socket ALLOW 0MASKED_EQ4294967294=44",
                        "socket ERRNO 0EQ38",
                        "socket ERRNO 0EQ40");
    }

    @Test
    void a_missing_profile_is_an_error_and_never_no_profile() {
        assertThatThrownBy(() -> SeccompProfile.read(Path.of("/no/such/seccomp.json"), Json.mapper()))
                .hasMessageContaining("containers are not started without one")
                .hasMessageContaining("golang-github-containers-common");
    }
}
