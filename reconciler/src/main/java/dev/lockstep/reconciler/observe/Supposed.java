package dev.lockstep.reconciler.observe;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredNetwork;
import dev.lockstep.reconciler.desired.DesiredVolume;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.Effective;
import dev.lockstep.runtime.container.Life;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.network.AddressFamily;
import dev.lockstep.runtime.network.Cidr;
import dev.lockstep.runtime.network.NetworkRecord;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.network.ObservedNetwork;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.runtime.network.SubnetSpec;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeRecord;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A host that nobody has looked at, as it is if it did what it was asked: what a stack is compared with where the host
 * is elsewhere. What an image and an engine would have filled in is what is usual.
 *
 * @param now when its containers were made
 */
public record Supposed(Instant now) {
    private static final Digest USUAL = new Digest("5".repeat(64));
    private static final Duration GRACE = Duration.ofSeconds(10);

    /** A host on which exactly this stack runs. */
    public Observed running(Desired desired) {
        return running(desired, desired);
    }

    /**
     * The same, on the way to another revision: what that calls external others have made, since nobody has looked.
     *
     * @param next of the same stack
     */
    public Observed running(Desired desired, Desired next) {
        var containers = new ArrayList<ObservedContainer>();
        for (var service : desired.services()) {
            for (var slot : service.slots()) {
                containers.add(container(slot.spec()));
            }
        }
        var networks = new LinkedHashMap<String, ObservedNetwork>();
        Stream.concat(desired.networks().stream(), next.networks().stream().filter(DesiredNetwork::external))
                .map(n -> n.external() ? noStacks(n.spec()) : n.spec())
                .forEach(spec -> networks.putIfAbsent(spec.name(), network(spec)));
        var volumes = new LinkedHashMap<String, VolumeRecord>();
        Stream.concat(desired.volumes().stream(), next.volumes().stream().filter(DesiredVolume::external))
                .map(v -> v.external() ? noStacks(v.spec()) : v.spec())
                .forEach(spec -> volumes.putIfAbsent(spec.name(), new VolumeRecord(spec, Optional.empty(), now, true)));
        return new Observed(
                containers,
                new ObservedNetworks(List.copyOf(networks.values()), Map.of()),
                List.copyOf(volumes.values()));
    }

    private static Owner noStacks(Owner owner) {
        return new Owner(owner.host(), "", owner.repository());
    }

    private static VolumeSpec noStacks(VolumeSpec spec) {
        return new VolumeSpec(spec.name(), noStacks(spec.owner()), spec.labels(), spec.options());
    }

    private static NetworkSpec noStacks(NetworkSpec spec) {
        return new NetworkSpec(
                spec.name(),
                noStacks(spec.owner()),
                spec.internal(),
                spec.ipv4(),
                spec.ipv6(),
                spec.subnets(),
                spec.mtu(),
                spec.driverOptions(),
                spec.labels(),
                spec.driver(),
                spec.attachable());
    }

    private ObservedNetwork network(NetworkSpec spec) {
        var subnets =
                new ArrayList<>(spec.subnets().stream().map(SubnetSpec::settled).toList());
        for (var family : spec.families()) {
            if (spec.subnets(family).isEmpty()) {
                var range = family == AddressFamily.IPV4 ? "172.28.0.0/24" : "fd00:28::/64";
                subnets.add(SubnetSpec.of(Cidr.parse(range)).settled());
            }
        }
        return new ObservedNetwork(
                new NetworkRecord("0".repeat(64), spec, subnets, "ls0123456789abc", 1500, now, List.of(), List.of()),
                true,
                true,
                true,
                false,
                true,
                true);
    }

    /** One container of it, which runs. */
    public ObservedContainer container(ContainerSpec spec) {
        var id = "%064x".formatted(spec.name().hashCode() & 0xffffffffL);
        var effective = new Effective(
                spec.digest(),
                "runc",
                List.of("sh"),
                Map.of("PATH", "/bin"),
                spec.user().orElse(""),
                spec.workingDir().orElse("/"),
                spec.hostname().orElse(id.substring(0, 12)),
                List.of(),
                USUAL,
                spec.stopSignal().orElse("SIGTERM"),
                spec.stopGrace().orElse(GRACE),
                Limits.of(spec.resources()),
                Optional.empty(),
                spec.mounts().stream()
                        .filter(MountSpec.Anonymous.class::isInstance)
                        .collect(Collectors.toMap(MountSpec::target, _ -> "0".repeat(64), (a, _) -> a)));
        return new ObservedContainer(
                new ContainerRecord(id, spec, Optional.of(effective), ContainerRecord.Phase.CREATED, now),
                new ContainerState.Running(4711, now, true, false),
                Life.NEW,
                Optional.of(Limits.of(spec.resources())),
                spec.ports(),
                List.of(),
                Optional.empty());
    }
}
