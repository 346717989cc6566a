package dev.lockstep.runtime.container;

import java.util.List;

/**
 * Devices of the host in a container.
 *
 * @param mappings device files, and directories for every device below
 * @param rules of the device cgroup, such as {@code c 1:3 rwm}, after the engine's own
 * @param cdi names of the Container Device Interface, {@code vendor.com/class=name}
 */
public record DeviceOptions(List<Mapping> mappings, List<String> rules, List<String> cdi) {
    /** None. */
    public static final DeviceOptions NONE = new DeviceOptions(List.of(), List.of(), List.of());

    /**
     * One device, or a directory of them.
     *
     * @param source absolute path on the host; links are followed
     * @param target absolute path in the container
     * @param permissions of {@code rwm}
     */
    public record Mapping(String source, String target, String permissions) {}

    public DeviceOptions {
        mappings = List.copyOf(mappings);
        rules = List.copyOf(rules);
        cdi = List.copyOf(cdi);
    }
}
