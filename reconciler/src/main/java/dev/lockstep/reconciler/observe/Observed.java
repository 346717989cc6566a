package dev.lockstep.reconciler.observe;

import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.ObservedNetwork;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.runtime.volume.VolumeRecord;
import java.util.List;
import java.util.Optional;

/** Everything of one root, of all stacks: what the kernel says and what was asked for. */
public record Observed(List<ObservedContainer> containers, ObservedNetworks networks, List<VolumeRecord> volumes) {
    public Observed {
        containers = List.copyOf(containers);
        volumes = List.copyOf(volumes);
    }

    /** What all containers were made of. */
    public List<ContainerRecord> records() {
        return containers.stream().map(ObservedContainer::record).toList();
    }

    /** Containers of a stack, by name. */
    public List<ObservedContainer> containersOf(String stack) {
        return containers.stream()
                .filter(c -> c.record().spec().owner().stack().equals(stack))
                .toList();
    }

    /** The network of that name. */
    public Optional<ObservedNetwork> network(String name) {
        return networks.networks().stream()
                .filter(n -> n.record().name().equals(name))
                .findFirst();
    }

    /** The volume of that name. */
    public Optional<VolumeRecord> volume(String name) {
        return volumes.stream().filter(v -> v.spec().name().equals(name)).findFirst();
    }
}
