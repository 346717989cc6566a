package dev.lockstep.runtime.container;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * SELinux contexts of a container, as container-selinux defines the types.
 *
 * @param process of its processes
 * @param mount of its files
 */
record SelinuxLabels(String process, String mount) {
    private static final Path ENFORCE = Path.of("/sys/fs/selinux/enforce");
    private static final int CATEGORIES = 1024;

    /** Whether this kernel has SELinux on. */
    static boolean isOn() {
        return Files.exists(ENFORCE);
    }

    /** Contexts of a container on this host; none where SELinux is off, or it is not to confine the container. */
    static Optional<SelinuxLabels> of(ContainerRecord record) {
        var isolation = record.spec().options().isolation();
        return isOn() && !isolation.privileged() ? of(isolation.security().labels(), record.id()) : Optional.empty();
    }

    /** Of files that several containers may use: those of its mounts without its categories. */
    String shared() {
        return mount.substring(0, mount.indexOf(':')) + ":object_r:container_file_t:s0";
    }

    /**
     * Contexts of a container; none with {@code disable}. Two categories derived from the id keep containers apart.
     *
     * @param options {@code user:V}, {@code role:V}, {@code type:V}, {@code level:V}, {@code disable}
     * @throws IllegalArgumentException for another one
     */
    static Optional<SelinuxLabels> of(List<String> options, String id) {
        var parts = new String[] {"system_u", "system_r", "container_t", level(id)};
        var names = List.of("user", "role", "type", "level");
        for (var option : options) {
            if (option.equals("disable")) {
                return Optional.empty();
            }
            var colon = option.indexOf(':');
            var index = colon < 0 ? -1 : names.indexOf(option.substring(0, colon));
            if (index < 0) {
                throw new IllegalArgumentException(
                        "\"" + option + "\" is no label; write disable, or user, role, type or level with a value");
            }
            parts[index] = option.substring(colon + 1);
        }
        return Optional.of(new SelinuxLabels(
                String.join(":", parts), String.join(":", parts[0], "object_r", "container_file_t", parts[3])));
    }

    private static String level(String id) {
        var number = Integer.parseInt(id.substring(0, 7), 16);
        var low = number % (CATEGORIES - 1);
        var high = low + 1 + number / CATEGORIES % (CATEGORIES - 1 - low);
        return "s0:c" + low + ",c" + high;
    }
}
