package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.desired.DesiredNetwork;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.network.AddressFamily;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.NetworkRecord;
import java.util.Optional;

/** What addresses that containers ask for cannot be had on networks that are there already. */
record AddressProblems(Desired desired, Observed observed, PlanBuilder plan) {
    void add(ContainerSpec spec) {
        for (var attachment : spec.networks()) {
            if (attachment.addresses().isEmpty()) {
                continue;
            }
            var network = observed.network(attachment.network());
            if (network.isPresent() && !isMadeAnew(attachment.network())) {
                for (var address : attachment.addresses()) {
                    add(spec, network.get().record(), address);
                }
            }
        }
    }

    private void add(ContainerSpec spec, NetworkRecord network, IpAddress address) {
        network.obstacle(spec.leaseKey(), address, container -> keeps(container, network.name(), address))
                .ifPresent(why -> plan.problem(path(spec, network.name(), address), why));
    }

    private boolean isMadeAnew(String network) {
        return plan.steps().stream()
                .anyMatch(step -> step.operation() instanceof Operation.ReplaceNetwork replace
                        && replace.name().equals(network));
    }

    /** Whether the container has links, and nothing says that it is to be without the address or not to be at all. */
    private boolean keeps(String container, String network, IpAddress address) {
        if (observed.networks().container(container).isEmpty()) {
            return false;
        }
        var holder = observed.containers().stream()
                .filter(c -> c.id().equals(container))
                .map(c -> c.record().spec())
                .filter(spec -> spec.owner().stack().equals(desired.stack()))
                .findFirst();
        return holder.isEmpty()
                || wanted(holder.get(), network)
                        .filter(attachment -> attachment.addresses().stream()
                                .filter(a -> a.family() == address.family())
                                .allMatch(address::equals))
                        .isPresent();
    }

    private Optional<AttachmentSpec> wanted(ContainerSpec then, String network) {
        return desired.services().stream()
                .filter(service -> service.name().equals(then.service()))
                .flatMap(service -> service.slots().stream())
                .map(DesiredContainer::spec)
                .filter(spec -> spec.slot() == then.slot())
                .flatMap(spec -> spec.networks().stream())
                .filter(attachment -> attachment.network().equals(network))
                .findFirst();
    }

    private String path(ContainerSpec spec, String network, IpAddress address) {
        var key = desired.networks().stream()
                .filter(n -> n.spec().name().equals(network))
                .map(DesiredNetwork::key)
                .findFirst()
                .orElse(network);
        return "services." + spec.service() + ".networks." + key + "."
                + (address.family() == AddressFamily.IPV4 ? "ipv4_address" : "ipv6_address");
    }
}
