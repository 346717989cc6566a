package dev.lockstep.runtime;

import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.runtime.volume.VolumeRecord;
import java.util.List;

/**
 * What really is on this host, of one root.
 *
 * @param containers by name
 * @param volumes by name
 */
public record Observed(List<ObservedContainer> containers, ObservedNetworks networks, List<VolumeRecord> volumes) {
    public Observed {
        containers = List.copyOf(containers);
        volumes = List.copyOf(volumes);
    }
}
