package dev.lockstep.spec.model;

import java.util.List;

/**
 * Devices of the host that a container sees.
 *
 * @param mappings device files and CDI devices
 * @param cgroupRules rules of the device cgroup, such as {@code c 1:3 mr}, as written
 * @param gpus what {@code gpus} asks for
 */
public record Devices(List<Device> mappings, List<Written<DeviceRule>> cgroupRules, List<DeviceRequest> gpus) {
    public Devices {
        mappings = List.copyOf(mappings);
        cgroupRules = List.copyOf(cgroupRules);
        gpus = List.copyOf(gpus);
    }
}
