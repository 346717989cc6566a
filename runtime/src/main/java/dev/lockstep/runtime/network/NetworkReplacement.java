package dev.lockstep.runtime.network;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** A network gets another definition while containers are on it, or stays as it was. Takes the network lock. */
final class NetworkReplacement {
    private final NetworkLock lock;
    private final NetworkFiles files;
    private final Bridges bridges;
    private final PublishedPorts ports;
    private final NetworkDefinitions definitions;
    private final SlotAddresses slots;
    private final Attachments containers;
    private final Publishing publishing;

    NetworkReplacement(
            NetworkLock lock,
            NetworkFiles files,
            Bridges bridges,
            PublishedPorts ports,
            NetworkDefinitions definitions,
            SlotAddresses slots,
            Attachments containers,
            Publishing publishing) {
        this.lock = lock;
        this.files = files;
        this.bridges = bridges;
        this.ports = ports;
        this.definitions = definitions;
        this.slots = slots;
        this.containers = containers;
        this.publishing = publishing;
    }

    /** See {@link Networks#replace}. */
    List<String> replace(NetworkSpec spec) throws IOException {
        var name = spec.name();
        var conflict = definitions.conflictOf(spec);
        if (conflict.isPresent()) {
            throw new NetworkException("network " + name + ": " + conflict.get());
        }
        var before = files.network(name);
        var requests = lock.holding(() -> files.attachments().stream()
                .map(AttachmentRecord::request)
                .filter(r -> r.networks().stream().anyMatch(n -> n.network().equals(name)))
                .toList());
        var taken = new ArrayList<Taken>();
        try {
            for (var request : requests) {
                taken.add(new Taken(request, ports.of(request.container())));
                containers.update(request.withNetworks(request.networks().stream()
                        .filter(n -> !n.network().equals(name))
                        .toList()));
            }
            definitions.remove(name);
            definitions.create(spec);
        } catch (IOException | RuntimeException e) {
            before.ifPresent(network -> putBack(network, taken, e));
            throw e;
        }
        return requests.stream().map(AttachRequest::container).toList();
    }

    /** A container that was taken off a network, and what was published of it. */
    private record Taken(AttachRequest request, List<PublishedPort> ports) {}

    /** One thing that cannot be put back is no reason to leave the others. */
    private void putBack(NetworkRecord network, List<Taken> taken, Exception why) {
        try {
            lock.holding(() -> {
                if (files.network(network.name()).isEmpty()) {
                    bridges.createAgain(network);
                }
                return Optional.empty();
            });
            // They gave their addresses back when they left.
            slots.reserve(
                    network.name(),
                    network.leases().stream()
                            .filter(lease -> taken.stream()
                                    .anyMatch(t -> t.request().container().equals(lease.container())))
                            .collect(Collectors.toMap(Lease::address, Lease::key)));
        } catch (IOException | RuntimeException also) {
            why.addSuppressed(also);
        }
        for (var container : taken) {
            try {
                containers.update(container.request());
                if (!container.ports().isEmpty()) {
                    publishing.publish(container.request().container(), container.ports());
                }
            } catch (IOException | RuntimeException also) {
                why.addSuppressed(also);
            }
        }
    }
}
