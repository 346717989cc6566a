package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredNetwork;
import dev.lockstep.reconciler.desired.DesiredVolume;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.EndpointOptions;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.network.SubnetSpec;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Makes of a stack one that can be beside it on the same host: what there is once alone, such as ports of the host,
 * names that files give, ranges and fixed addresses, it does not have. Networks are its own, those that are external to
 * the stack as well: there its services would answer to names that others ask for. External volumes stay what they are.
 * Pure.
 */
final class TestStack {
    private final Desired desired;
    private final String cgroup;
    /** Says whose it is, so that nothing else is taken away with it. */
    private final Map<String, String> label;

    private final Map<String, String> containers = new HashMap<>();
    private final Map<String, String> networks = new HashMap<>();
    private final Map<String, String> volumes = new HashMap<>();

    private TestStack(Desired desired, long build, String cgroup) {
        this.desired = desired;
        this.cgroup = cgroup;
        this.label = Map.of(ImageTest.LABEL, Long.toString(build));
        for (var service : desired.services()) {
            service.slots()
                    .forEach(slot -> containers.put(
                            slot.spec().name(),
                            desired.stack() + "-" + service.name() + "-"
                                    + slot.spec().slot()));
        }
        desired.networks().forEach(network -> networks.put(network.spec().name(), own(network.key())));
        desired.volumes().stream()
                .filter(volume -> !volume.external())
                .forEach(volume -> volumes.put(volume.spec().name(), own(volume.key())));
    }

    private String own(String key) {
        return desired.stack() + "_" + key;
    }

    /**
     * Adapts one.
     *
     * @param build whose test has it
     * @param cgroup whose limits its containers have together
     */
    static Desired of(Desired desired, long build, String cgroup) {
        return new TestStack(desired, build, cgroup).adapted();
    }

    private Desired adapted() {
        return new Desired(
                desired.owner(),
                desired.revision(),
                desired.networks().stream().map(this::network).toList(),
                desired.volumes().stream().map(this::volume).toList(),
                desired.services().stream()
                        .map(service -> service.mapped(this::container))
                        .toList(),
                desired.sources(),
                desired.contents());
    }

    private DesiredNetwork network(DesiredNetwork network) {
        var spec = network.spec();
        return new DesiredNetwork(
                network.key(),
                new NetworkSpec(
                        name(networks, spec.name()),
                        spec.owner(),
                        spec.internal(),
                        spec.ipv4(),
                        spec.ipv6(),
                        // Of a link of the host ranges are what that has.
                        spec.isBridge() ? List.<SubnetSpec>of() : spec.subnets(),
                        spec.mtu(),
                        spec.driverOptions(),
                        labelled(spec.labels()),
                        spec.driver(),
                        spec.attachable()),
                false);
    }

    private DesiredVolume volume(DesiredVolume volume) {
        var spec = volume.spec();
        return volume.external()
                ? volume
                : new DesiredVolume(
                        volume.key(),
                        new VolumeSpec(
                                name(volumes, spec.name()), spec.owner(), labelled(spec.labels()), spec.options()),
                        false,
                        volume.singleWriter());
    }

    private ContainerSpec container(ContainerSpec spec) {
        var isolation = spec.options().isolation();
        return spec.withName(name(containers, spec.name()))
                .withoutPorts()
                .withLabels(label)
                .withNetworks(spec.networks().stream()
                        .map(network -> attachment(network, spec.name()))
                        .toList())
                .withMounts(spec.mounts().stream().map(this::mount).toList())
                .with(spec.options()
                        .with(isolation
                                .with(isolation.namespaces().renamed(other -> name(containers, other)))
                                .below(cgroup))
                        .with(spec.options().storage().renamed(other -> name(containers, other))));
    }

    private MountSpec mount(MountSpec mount) {
        return mount instanceof MountSpec.Volume volume
                ? new MountSpec.Volume(
                        name(volumes, volume.name()),
                        volume.target(),
                        volume.readOnly(),
                        volume.noCopy(),
                        volume.subpath())
                : mount;
    }

    /** The others know it by the name that its file gives it. */
    private AttachmentSpec attachment(AttachmentSpec network, String container) {
        var aliases = name(containers, container).equals(container)
                ? network.aliases()
                : Stream.concat(network.aliases().stream(), Stream.of(container))
                        .distinct()
                        .toList();
        return new AttachmentSpec(
                name(networks, network.network()), aliases, List.of(), network.priority(), options(network.options()));
    }

    /** Which way leads out and what it calls others; what interfaces have once alone stays away, as addresses do. */
    private EndpointOptions options(EndpointOptions written) {
        return new EndpointOptions(
                Optional.empty(),
                written.gatewayPriority(),
                Optional.empty(),
                List.of(),
                Map.of(),
                written.links().stream()
                        .map(link -> new EndpointOptions.Link(name(containers, link.target()), link.alias()))
                        .toList(),
                written.byHand());
    }

    private Map<String, String> labelled(Map<String, String> written) {
        var all = new LinkedHashMap<>(written);
        all.putAll(label);
        return all;
    }

    private static String name(Map<String, String> names, String old) {
        return names.getOrDefault(old, old);
    }
}
