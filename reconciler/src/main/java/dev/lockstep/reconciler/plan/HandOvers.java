package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.ObservedAttachment;
import dev.lockstep.runtime.network.PublishedPort;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Sees to it that what only one container can have (a name, a port of the host, a fixed address) is let go of by one
 * place of the stack before another one takes it: after a service has got another name, or a port another service.
 * Where they change places, or the one that has it comes later for another reason, it lets go in a step of its own
 * before. Comes after all steps are known, and puts them in order.
 */
record HandOvers(Desired desired, Observed observed, PlanBuilder plan) {
    /** What a container lets go of before its own turn. */
    private record Early(ObservedContainer holder, Set<Claim> claims, Set<String> why) {}

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

        /** An address, or a hardware address. */
        record Address(String network, String address) implements Claim {
            @Override
            public String toString() {
                return "the address " + address + " of network " + network;
            }
        }
    }

    void order() {
        var holders = observed.containersOf(desired.stack());
        var early = new LinkedHashMap<String, Early>();
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
                            .forEach(claim -> handOver(step, wanted.get(), holder, claim, early));
                }
            }
        }
        early.values().forEach(this::letGo);
    }

    private void letGo(Early early) {
        var holder = early.holder();
        // Asked for by files, like what it makes room for: it is done only where that is.
        plan.addBefore(
                new Operation.UpdateContainer(holder.id(), without(holder, early.claims())),
                holder.record().spec(),
                early.why().stream()
                        .map(why -> new Cause(Cause.Kind.SPEC, "", "", why, Optional.empty()))
                        .toList());
    }

    /** As it is, but for what it lets go of. */
    private ContainerSpec without(ObservedContainer holder, Set<Claim> claims) {
        var spec = holder.record().spec();
        var networks = spec.networks().stream()
                .filter(attachment -> claims.stream()
                        .noneMatch(claim -> claim instanceof Claim.Address(var network, var unused)
                                && network.equals(attachment.network())))
                .toList();
        var leadsIn = networks.stream()
                .anyMatch(attachment -> observed.network(attachment.network())
                        .filter(network -> network.record().spec().mayPublish())
                        .isPresent());
        var ports = spec.ports().stream()
                .filter(port -> leadsIn
                        && claims.stream()
                                .noneMatch(claim -> claim instanceof Claim.Port(var other) && overlap(port, other)))
                .toList();
        return spec.withNetworks(networks).withPorts(ports);
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
        now.ifPresent(attachment -> {
            attachment.ports().forEach(port -> claims.add(new Claim.Port(port)));
            // One that it was given, too, which another one asks for by now.
            attachment
                    .attached()
                    .endpoints()
                    .forEach(end -> end.addresses()
                            .forEach(place -> claims.add(new Claim.Address(
                                    end.network(), place.address().toString()))));
        });
        claims.add(new Claim.Name(spec.name()));
        for (AttachmentSpec attachment : spec.networks()) {
            attachment
                    .addresses()
                    .forEach(address -> claims.add(new Claim.Address(attachment.network(), address.toString())));
            attachment
                    .options()
                    .macAddress()
                    .ifPresent(mac -> claims.add(new Claim.Address(attachment.network(), mac)));
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

    private void handOver(Step take, ContainerSpec to, ObservedContainer from, Claim claim, Map<String, Early> early) {
        var end = plan.steps().stream()
                .filter(step -> isEndOf(from, claim, step.operation()))
                .findFirst();
        if (end.isEmpty()) {
            if (claim instanceof Claim.Address && !isAskedFor(from, claim)) {
                return; // which AddressProblems tells
            }
            plan.problem(
                    path(to, claim),
                    claim + " is that of container " + from.name() + ", which stays"
                            + (isWanted(from)
                                    ? "; only one of them can have it"
                                    : " though no file names it; --remove-orphans removes it"));
        } else if (!end.get().id().equals(take.id())
                && !plan.comesAfter(end.get().id(), take.id())) {
            plan.after(take.id(), end.get().id());
        } else if (!end.get().id().equals(take.id()) && mayLetGo(from, claim)) {
            var its = early.computeIfAbsent(from.id(), _ -> new Early(from, new HashSet<>(), new TreeSet<>()));
            its.claims().add(claim);
            its.why().add("lets go of " + claim + " for " + to.name());
            plan.after(take.id(), PlanBuilder.before(from.name()));
        } else {
            plan.problem(
                    path(to, claim),
                    "container " + from.name() + " has to let go of " + claim + " before " + to.name()
                            + " takes it, and comes after it; make the change in two commits");
        }
    }

    /** While it runs: not its name, nor a port that it was given of several. */
    private static boolean mayLetGo(ObservedContainer container, Claim claim) {
        return container.isRunning()
                && switch (claim) {
                    case Claim.Name _ -> false;
                    case Claim.Address _ -> true;
                    case Claim.Port _ -> isAskedFor(container, claim);
                };
    }

    private static boolean isAskedFor(ObservedContainer container, Claim claim) {
        return isAmong(claim, claims(container.record().spec(), Optional.empty()));
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
