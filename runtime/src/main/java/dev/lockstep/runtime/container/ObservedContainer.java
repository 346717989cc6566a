package dev.lockstep.runtime.container;

import dev.lockstep.runtime.network.PublishedPort;
import java.util.List;
import java.util.Optional;

/**
 * One container as it really is.
 *
 * @param limits what its cgroup says now; absent unless it runs
 * @param ports with the host ports that were chosen; empty unless it runs
 * @param addresses in the order of its interfaces; empty unless it runs
 * @param health absent without a health check, and until it was started
 * @param left names of containers whose namespaces it is in, and that have ended or begun anew since; empty unless it
 *     runs
 * @param storage what it has written and may write, where it has a limit
 */
public record ObservedContainer(
        ContainerRecord record,
        ContainerState state,
        Life life,
        Optional<Limits> limits,
        List<PublishedPort> ports,
        List<ContainerAddress> addresses,
        Optional<HealthState> health,
        List<String> left,
        Optional<StorageUse> storage) {
    /** One that shares nothing with others, and may write what it likes. */
    public ObservedContainer(
            ContainerRecord record,
            ContainerState state,
            Life life,
            Optional<Limits> limits,
            List<PublishedPort> ports,
            List<ContainerAddress> addresses,
            Optional<HealthState> health) {
        this(record, state, life, limits, ports, addresses, health, List.of(), Optional.empty());
    }

    public ObservedContainer {
        left = List.copyOf(left);
        ports = List.copyOf(ports);
        addresses = List.copyOf(addresses);
    }

    /** The container's id. */
    public String id() {
        return record.id();
    }

    /** The container's name. */
    public String name() {
        return record.spec().name();
    }

    /** Whether its process lives and stands still. */
    public boolean isPaused() {
        return state instanceof ContainerState.Running running && running.paused();
    }

    /** Whether its process lives, be it paused. */
    public boolean isRunning() {
        return state instanceof ContainerState.Running;
    }
}
