package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.model.Sources;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a stack should be on this host.
 *
 * @param owner host, stack and the repository it comes from
 * @param revision the commit, for people: {@code 1a2b3c4 "Raise the limit"}; absent for a plain directory
 * @param services in dependency order: what others depend on comes first
 * @param sources where the values stand in the files
 * @param contents of secrets and configs, by the identity that mounts have
 */
public record Desired(
        Owner owner,
        Optional<String> revision,
        List<DesiredNetwork> networks,
        List<DesiredVolume> volumes,
        List<DesiredService> services,
        Sources sources,
        Map<String, Hidden> contents) {
    /** Without secrets and configs. */
    public Desired(
            Owner owner,
            Optional<String> revision,
            List<DesiredNetwork> networks,
            List<DesiredVolume> volumes,
            List<DesiredService> services,
            Sources sources) {
        this(owner, revision, networks, volumes, services, sources, Map.of());
    }

    public Desired {
        contents = Map.copyOf(contents);
        networks = List.copyOf(networks);
        volumes = List.copyOf(volumes);
        services = List.copyOf(services);
    }

    /** Name of the stack. */
    public String stack() {
        return owner.stack();
    }

    /** What the stack wants of its own network of that name; empty for one that is not its own. */
    public Optional<NetworkSpec> network(String name) {
        return networks.stream()
                .filter(n -> !n.external() && n.spec().name().equals(name))
                .map(DesiredNetwork::spec)
                .findFirst();
    }

    /** What is in the secrets that containers are given: never to be shown, wherever it turns up. */
    public Stream<byte[]> secretContents() {
        return services.stream()
                .flatMap(service -> service.slots().stream())
                .flatMap(slot -> slot.spec().mounts().stream())
                .flatMap(mount -> mount instanceof MountSpec.Content content && content.isSecret()
                        ? Optional.ofNullable(contents.get(content.identity())).stream()
                        : Stream.empty())
                .map(Hidden::bytes);
    }

    /** Whether this is what {@code down} wants. */
    public boolean isNothing() {
        return services.isEmpty() && networks.isEmpty() && volumes.stream().allMatch(DesiredVolume::external);
    }

    /** Nothing at all: what {@code down} wants. */
    public static Desired nothing(Owner owner) {
        return nothing(owner, List.of(), Sources.none());
    }

    /**
     * Nothing but what is nobody's to take down.
     *
     * @param external volumes that the files call so
     * @param sources where they do
     */
    public static Desired nothing(Owner owner, List<DesiredVolume> external, Sources sources) {
        return new Desired(owner, Optional.empty(), List.of(), external, List.of(), sources);
    }
}
