package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.model.Sources;
import java.util.List;
import java.util.Optional;

/**
 * What a stack should be on this host.
 *
 * @param owner host, stack and the repository it comes from
 * @param revision the commit, for people: {@code 1a2b3c4 "Raise the limit"}; absent for a plain directory
 * @param services in dependency order: what others depend on comes first
 * @param sources where the values stand in the files
 */
public record Desired(
        Owner owner,
        Optional<String> revision,
        List<DesiredNetwork> networks,
        List<DesiredVolume> volumes,
        List<DesiredService> services,
        Sources sources) {
    public Desired {
        networks = List.copyOf(networks);
        volumes = List.copyOf(volumes);
        services = List.copyOf(services);
    }

    /** Name of the stack. */
    public String stack() {
        return owner.stack();
    }

    /** Whether this is what {@code down} wants. */
    public boolean isNothing() {
        return services.isEmpty() && networks.isEmpty() && volumes.isEmpty();
    }

    /** Nothing at all: what {@code down} wants. */
    public static Desired nothing(Owner owner) {
        return new Desired(owner, Optional.empty(), List.of(), List.of(), List.of(), Sources.none());
    }
}
