package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HostConfinementTest {
    static Stream<Arguments> hosts() {
        var enabled = "sys/module/apparmor/parameters/enabled";
        var profiles = "sys/kernel/security/apparmor/profiles";
        var users = "proc/sys/user/max_user_namespaces";
        return Stream.of(
                arguments(
                        Map.of(),
                        List.of(
                                "missing seccomp a kernel with",
                                "note AppArmor not in this kernel",
                                "note SELinux not in this kernel",
                                "note user namespaces none: user.max_user_namespaces is missing")),
                arguments(
                        Map.of(
                                "proc/sys/kernel/seccomp/actions_avail",
                                "kill_process errno allow\n",
                                enabled,
                                "Y\n",
                                profiles,
                                "docker-default (enforce)\nlsb_release (enforce)\n",
                                "sys/fs/selinux/enforce",
                                "1",
                                users,
                                "96365\n"),
                        List.of(
                                "ok seccomp the kernel filters system calls: kill_process errno allow",
                                "ok AppArmor on, containers get the profile docker-default",
                                "ok SELinux enforcing",
                                "ok user namespaces at most 96365")),
                arguments(
                        Map.of(
                                "proc/sys/kernel/seccomp/actions_avail",
                                "allow",
                                enabled,
                                "Y\n",
                                profiles,
                                "docker-default-not (enforce)\n",
                                "sys/fs/selinux/enforce",
                                "0",
                                users,
                                "5",
                                "proc/sys/kernel/unprivileged_userns_clone",
                                "0\n"),
                        List.of(
                                "ok seccomp the kernel filters",
                                "note AppArmor on, but the profile docker-default is not loaded",
                                "note SELinux permissive",
                                "ok user namespaces at most 5, made by root alone")),
                arguments(
                        Map.of(enabled, "N\n", users, "0"),
                        List.of(
                                "missing seccomp",
                                "note AppArmor not in this kernel, or switched off",
                                "note SELinux",
                                "note user namespaces none: user.max_user_namespaces is 0")));
    }

    @ParameterizedTest
    @MethodSource("hosts")
    void what_confines_containers_is_said(Map<String, String> files, List<String> expected, @TempDir Path root)
            throws IOException {
        for (var file : files.entrySet()) {
            var path = root.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.writeString(path, file.getValue());
        }
        var said = new HostConfinement(root)
                .all().stream()
                        .map(check -> check.verdict().word() + " " + check.what() + " " + check.found())
                        .toList();
        assertThat(said).hasSameSizeAs(expected);
        for (var i = 0; i < said.size(); i++) {
            assertThat(said.get(i)).startsWith(expected.get(i));
        }
    }
}
