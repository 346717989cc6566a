package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.container.AppArmor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What this kernel confines containers with, beside capabilities and namespaces.
 *
 * @param root where {@code proc} and {@code sys} are
 */
record HostConfinement(Path root) {
    List<HostCheck> all() throws IOException {
        return List.of(seccomp(), apparmor(), selinux(), userNamespaces());
    }

    private HostCheck seccomp() {
        return text("proc/sys/kernel/seccomp/actions_avail")
                .map(actions -> HostCheck.ok("seccomp", "the kernel filters system calls: " + actions))
                .orElseGet(() -> HostCheck.missing(
                        "seccomp", "a kernel with CONFIG_SECCOMP_FILTER: containers are not started without a filter"));
    }

    private HostCheck apparmor() throws IOException {
        var apparmor = new AppArmor(root.resolve("sys/module/apparmor"), root.resolve("sys/kernel/security/apparmor"));
        if (!apparmor.isOn()) {
            return HostCheck.note(
                    "AppArmor", "not in this kernel, or switched off: containers are confined without it");
        }
        try {
            return apparmor.isLoaded(AppArmor.DEFAULT)
                    ? HostCheck.ok("AppArmor", "on, containers get the profile " + AppArmor.DEFAULT)
                    : HostCheck.note(
                            "AppArmor",
                            "on, but the profile " + AppArmor.DEFAULT + " is not loaded: containers have none unless"
                                    + " security_opt names a loaded one; Docker loads it, or apparmor_parser -r FILE");
        } catch (AccessDeniedException e) {
            return HostCheck.note("AppArmor", "on; only root can see whether " + AppArmor.DEFAULT + " is loaded");
        }
    }

    private HostCheck selinux() {
        return text("sys/fs/selinux/enforce")
                .map(mode -> mode.equals("1")
                        ? HostCheck.ok("SELinux", "enforcing")
                        : HostCheck.note("SELinux", "permissive: it writes down what it would refuse"))
                .orElseGet(() -> HostCheck.note("SELinux", "not in this kernel, or switched off"));
    }

    private HostCheck userNamespaces() {
        var most = text("proc/sys/user/max_user_namespaces");
        if (most.isEmpty() || most.get().equals("0")) {
            return HostCheck.note("user namespaces", "none: user.max_user_namespaces is " + most.orElse("missing"));
        }
        return HostCheck.ok(
                "user namespaces",
                "at most " + most.get()
                        + (text("proc/sys/kernel/unprivileged_userns_clone")
                                        .filter("0"::equals)
                                        .isPresent()
                                ? ", made by root alone"
                                : ""));
    }

    /** Not readString: files of size 0 under /proc/sys would yield their first character only. */
    private Optional<String> text(String path) {
        try (var in = Files.newInputStream(root.resolve(path))) {
            return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
