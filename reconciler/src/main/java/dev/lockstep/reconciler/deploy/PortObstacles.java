package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.AddressFamily;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.network.ObservedAttachment;
import dev.lockstep.runtime.network.PortHolder;
import dev.lockstep.runtime.network.PublishedPort;
import java.io.IOException;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Who or what keeps a stack from the ports of the host that it wants; the kernel is asked only about those it has not.
 */
final class PortObstacles {
    private final Networks networks;
    private final Desired desired;
    private final Observed observed;
    private final List<ObservedContainer> mine;

    PortObstacles(Networks networks, Desired desired, Observed observed) {
        this.networks = networks;
        this.desired = desired;
        this.observed = observed;
        this.mine = observed.containersOf(desired.stack());
    }

    /** What is in the way, as {@link dev.lockstep.reconciler.plan.Facts#portObstacles} has it. */
    Map<PublishedPort, String> find() throws IOException {
        var obstacles = new HashMap<PublishedPort, String>();
        for (var service : desired.services()) {
            for (var slot : service.slots()) {
                var id = mine.stream()
                        .filter(c -> c.name().equals(slot.spec().name()))
                        .map(c -> c.id())
                        .findFirst()
                        .orElse("");
                var published = Optional.ofNullable(
                                observed.networks().containers().get(id))
                        .map(ObservedAttachment::ports)
                        .orElse(List.of());
                var waysIn = waysIn(slot.spec());
                for (var port : slot.spec().ports()) {
                    for (var bound : bound(port, waysIn)) {
                        obstacle(bound, published, families(waysIn), id)
                                .ifPresent(obstacle -> obstacles.put(port, obstacle));
                    }
                }
            }
        }
        return obstacles;
    }

    /** Of several that will do, of all of them: what keeps it from the first. */
    private Optional<String> obstacle(
            PublishedPort port, List<PublishedPort> published, Set<AddressFamily> families, String id)
            throws IOException {
        var candidates = port.choice().stream()
                .flatMap(choice -> choice.ports().mapToObj(port::chosen))
                .toList();
        Optional<String> first = Optional.empty();
        for (var one : candidates.isEmpty() ? List.of(port) : candidates) {
            var obstacle = published.contains(one) ? Optional.<String>empty() : obstacle(one, families, id);
            if (obstacle.isEmpty()) {
                return Optional.empty();
            }
            first = first.or(() -> obstacle);
        }
        return first;
    }

    private Optional<String> obstacle(PublishedPort port, Set<AddressFamily> families, String id) throws IOException {
        var holder = networks.holderOf(port, families, id);
        if (holder.isEmpty()
                || mine.stream().anyMatch(c -> holder.get().toString().contains(c.id()))) {
            return Optional.empty();
        }
        return Optional.of(
                holder.get() instanceof PortHolder.Nobody(var why)
                        ? "cannot be published: " + why
                        : "is in use by " + name(holder.get().toString()) + "; stop that, or publish another port");
    }

    /** The networks that host's ports may lead to it by, the first of each family is the one. */
    private List<NetworkSpec> waysIn(ContainerSpec spec) {
        return spec.networks().stream()
                .sorted(AttachmentSpec.BY_WAY_OUT)
                .flatMap(attachment -> desired
                        .network(attachment.network())
                        .or(() -> observed.network(attachment.network())
                                .map(n -> n.record().spec()))
                        .stream())
                .filter(NetworkSpec::mayPublish)
                .toList();
    }

    private static List<PublishedPort> bound(PublishedPort port, List<NetworkSpec> waysIn) {
        return waysIn.stream()
                .filter(network -> network.families().contains(AddressFamily.IPV4))
                .findFirst()
                .map(network -> network.bound(port, families(waysIn)))
                .orElse(List.of(port));
    }

    /** In which families the host's ports will lead to it: as its way out in that family is. */
    private static Set<AddressFamily> families(List<NetworkSpec> waysIn) {
        var families = EnumSet.noneOf(AddressFamily.class);
        for (var family : AddressFamily.values()) {
            waysIn.stream()
                    .filter(network -> network.families().contains(family))
                    .findFirst()
                    .filter(network -> network.translated().contains(family))
                    .ifPresent(_ -> families.add(family));
        }
        return families;
    }

    /** People know containers by name. */
    private String name(String holder) {
        return observed.containers().stream()
                .filter(c -> holder.equals("container " + c.id()))
                .map(c -> "container " + c.name())
                .findFirst()
                .orElse(holder);
    }
}
