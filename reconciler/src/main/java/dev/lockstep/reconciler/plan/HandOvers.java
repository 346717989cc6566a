package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.ObservedAttachment;
import dev.lockstep.runtime.network.PublishedPort;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Sees to it that what only one container can have (a name, a port of the host, a fixed address) is let go of by one
 * place of the stack before another one takes it: after a service has got another name, or a port another service.
 * Comes after all steps are known, and puts them in order.
 */
record HandOvers(Desired desired, Observed observed, PlanBuilder plan) {
    private sealed interface Claim {
        /** The container's name. */
        record Name(String name) implements Claim {
            @Override
            public String toString() {
                return "the name " + name;
            }
        }

        record Port(PublishedPort port) implements Claim {
            @Override
            public String toString() {
                return "port " + port.hostPort().map(String::valueOf).orElse("") + "/"
                        + port.protocol().lowerCase();
            }
        }

        record Address(String network, String address) implements Claim {
            @Override
            public String toString() {
                return "the address " + address + " of network " + network;
            }
        }
    }

    void order() {
        var holders = observed.containersOf(desired.stack());
        for (var step : plan.steps()) {
            var wanted = Operation.wanted(step.operation());
            if (wanted.isEmpty()) {
                continue;
            }
            for (var holder : holders) {
                // Replicas choose among their service's ports, and each follows what was in its own place.
                if (!holder.record().spec().service().equals(wanted.get().service())
                        || holder.record().spec().service().isEmpty()) {
                    shared(step.operation(), wanted.get(), holder)
                            .forEach(claim -> handOver(step, wanted.get(), holder, claim));
                }
            }
        }
    }

    /** What the step's container is to have, and the other one has. */
    private List<Claim> shared(Operation operation, ContainerSpec wanted, ObservedContainer holder) {
        return claims(wanted, Optional.empty()).stream()
                .filter(claim -> holds(claim, holder))
                .filter(claim -> switch (claim) {
                    case Claim.Name _ -> Operation.made(operation).isPresent();
                    case Claim.Port _ -> takesPorts(operation);
                    case Claim.Address(var network, var unused) -> !isMadeAnew(network);
                })
                .toList();
    }

    private static Set<Claim> claims(ContainerSpec spec, Optional<ObservedAttachment> now) {
        Set<Claim> claims = spec.ports().stream()
                .filter(port -> port.hostPort().isPresent())
                .map(Claim.Port::new)
                .collect(Collectors.toSet());
        now.ifPresent(attachment -> attachment.ports().forEach(port -> claims.add(new Claim.Port(port))));
        claims.add(new Claim.Name(spec.name()));
        for (AttachmentSpec attachment : spec.networks()) {
            attachment
                    .addresses()
                    .forEach(address -> claims.add(new Claim.Address(attachment.network(), address.toString())));
        }
        return claims;
    }

    private boolean holds(Claim claim, ObservedContainer holder) {
        var now = observed.networks().container(holder.id());
        return isAmong(claim, claims(holder.record().spec(), now))
                && switch (claim) {
                    case Claim.Name _ -> true;
                    case Claim.Port _ -> holder.isRunning();
                    case Claim.Address _ -> now.isPresent() && !KeptName.has(holder.record());
                };
    }

    private static boolean isAmong(Claim claim, Set<Claim> claims) {
        return claim instanceof Claim.Port(var port)
                ? claims.stream().anyMatch(c -> c instanceof Claim.Port(var other) && overlap(port, other))
                : claims.contains(claim);
    }

    private static boolean overlap(PublishedPort one, PublishedPort other) {
        return one.protocol() == other.protocol()
                && one.hostPort().isPresent()
                && one.hostPort().equals(other.hostPort())
                && (one.hostIp().isEmpty()
                        || other.hostIp().isEmpty()
                        || one.hostIp().equals(other.hostIp())
                        || one.hostIp().get().family() == other.hostIp().get().family()
                                && (one.hostIp().get().isAny()
                                        || other.hostIp().get().isAny()));
    }

    /** One that is only made takes none yet. */
    private static boolean takesPorts(Operation operation) {
        return switch (operation) {
            case Operation.CreateContainer create -> create.started();
            case Operation.ReplaceContainer replace -> replace.started();
            case Operation.UpdateContainer _, Operation.StartContainer _, Operation.RestartContainer _ -> true;
            case Operation.OnImage _,
                    Operation.OnNetwork _,
                    Operation.OnVolume _,
                    Operation.StopContainer _,
                    Operation.RemoveContainer _ -> false;
        };
    }

    private boolean isMadeAnew(String network) {
        return plan.steps().stream()
                .anyMatch(step -> step.operation() instanceof Operation.ReplaceNetwork replace
                        && replace.name().equals(network));
    }

    private void handOver(Step take, ContainerSpec to, ObservedContainer from, Claim claim) {
        var end = plan.steps().stream()
                .filter(step -> isEndOf(from, claim, step.operation()))
                .findFirst();
        if (end.isEmpty()) {
            plan.problem(
                    path(to, claim),
                    claim + " is that of container " + from.name() + ", which stays"
                            + (isWanted(from)
                                    ? "; only one of them can have it"
                                    : " though no file names it; --remove-orphans removes it"));
        } else if (end.get().id().equals(take.id()) || plan.comesAfter(end.get().id(), take.id())) {
            plan.problem(
                    path(to, claim),
                    "container " + from.name() + " has to let go of " + claim + " before " + to.name()
                            + " takes it, and comes after it; make the change in two commits");
        } else {
            plan.after(take.id(), end.get().id());
        }
    }

    private boolean isWanted(ObservedContainer container) {
        return desired.services().stream()
                .anyMatch(service ->
                        service.name().equals(container.record().spec().service()));
    }

    /** Whether the container has it no longer after the operation. */
    private static boolean isEndOf(ObservedContainer container, Claim claim, Operation operation) {
        return switch (operation) {
            case Operation.RemoveContainer remove -> remove.id().equals(container.id());
            case Operation.ReplaceContainer replace -> lets(container, claim, replace.id(), replace.spec());
            case Operation.UpdateContainer update -> lets(container, claim, update.id(), update.spec());
            case Operation.StartContainer start -> lets(container, claim, start.id(), start.spec());
            case Operation.RestartContainer restart -> lets(container, claim, restart.id(), restart.spec());
            case Operation.StopContainer stop -> stop.id().equals(container.id()) && claim instanceof Claim.Port;
            case Operation.OnImage _, Operation.OnNetwork _, Operation.OnVolume _, Operation.CreateContainer _ -> false;
        };
    }

    private static boolean lets(ObservedContainer container, Claim claim, String id, ContainerSpec spec) {
        return id.equals(container.id()) && !isAmong(claim, claims(spec, Optional.empty()));
    }

    private String path(ContainerSpec spec, Claim claim) {
        var service = "services." + spec.service();
        return switch (claim) {
            case Claim.Name _ -> service + ".container_name";
            case Claim.Port _ -> service + ".ports";
            case Claim.Address(var network, var unused) ->
                service + ".networks."
                        + desired.networks().stream()
                                .filter(n -> n.spec().name().equals(network))
                                .map(n -> n.key())
                                .findFirst()
                                .orElse(network);
        };
    }
}
