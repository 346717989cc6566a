package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.oci.Capabilities;
import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.policy.Confinement;
import dev.lockstep.spec.policy.Demand;
import dev.lockstep.spec.policy.Subject;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What the policies of the host and of the repository take from the containers of a stack that do not ask for it, on
 * top of what its files say. A value that is ordered has its place in the policy.
 */
final class HostOrders {
    private static final String PREFIX = "CAP_";

    private final Confinement confinement;
    private final Map<String, SourcePosition> places;

    private HostOrders(Confinement confinement, Sources sources) {
        this.confinement = confinement;
        this.places = new HashMap<>(sources.positions());
    }

    /** The same stack as the policies of today want it. */
    static Desired applied(Confinement confinement, Desired desired) {
        if (confinement.dropped().isEmpty()
                && confinement.noNewPrivileges().isEmpty()
                && confinement.pids().isEmpty()) {
            return desired;
        }
        var orders = new HostOrders(confinement, desired.sources());
        var services = desired.services().stream()
                .map(service -> service.mapped(orders::container))
                .toList();
        return new Desired(
                desired.owner(),
                desired.revision(),
                desired.networks(),
                desired.volumes(),
                services,
                new Sources(orders.places),
                desired.contents());
    }

    private ContainerSpec container(ContainerSpec spec) {
        return pids(noNewPrivileges(capabilities(spec)));
    }

    /** What is privileged was allowed to be, and has every one whatever is dropped. */
    private ContainerSpec capabilities(ContainerSpec spec) {
        var isolation = spec.options().isolation();
        if (isolation.privileged() || isolation.capDrop().contains(Capabilities.ALL)) {
            return spec;
        }
        var named = named(spec);
        if (named.contains(Capabilities.ALL)) {
            return spec;
        }
        var taken = new TreeSet<String>();
        var drop = new ArrayList<>(isolation.capDrop());
        var at = Optional.<SourcePosition>empty();
        for (var order : confinement.dropped()) {
            var dropped = order.value().contains(Capabilities.ALL)
                    ? Capabilities.DEFAULT
                    : order.value().stream().map(name -> PREFIX + name).toList();
            dropped.stream().filter(name -> !named.contains(name)).forEach(taken::add);
            var before = drop.size();
            (order.value().contains(Capabilities.ALL) ? List.of(Capabilities.ALL) : dropped)
                    .stream()
                            .filter(name -> !named.contains(name) && !drop.contains(name))
                            .forEach(drop::add);
            if (at.isEmpty() && drop.size() > before) {
                at = Optional.of(order.at());
            }
        }
        // What a revision of an earlier version added it may not have been asked about.
        var add = isolation.capAdd().stream()
                .filter(name -> !taken.contains(name))
                .toList();
        at.ifPresent(place -> places.put("services." + spec.service() + ".cap_drop", place));
        return spec.with(spec.options().with(isolation.withCapabilities(add, drop)));
    }

    /** What the service adds, and may. */
    private Set<String> named(ContainerSpec spec) {
        return spec.options().isolation().capAdd().stream()
                .filter(name -> confinement
                        .refusal(new Demand(
                                Subject.CAPABILITIES,
                                name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name,
                                "services." + spec.service() + ".cap_add"))
                        .isEmpty())
                .collect(Collectors.toUnmodifiableSet());
    }

    private ContainerSpec noNewPrivileges(ContainerSpec spec) {
        var order = confinement.noNewPrivileges();
        var isolation = spec.options().isolation();
        var security = isolation.security();
        var path = "services." + spec.service() + ".security_opt";
        if (order.isEmpty()
                || security.noNewPrivileges().orElse(false)
                || security.noNewPrivileges().isPresent()
                        && confinement
                                .refusal(new Demand(Subject.SECURITY_OPTIONS, "no-new-privileges=false", path))
                                .isEmpty()) {
            return spec;
        }
        places.put(path + ".no-new-privileges", order.get().at());
        return spec.with(spec.options().with(isolation.with(security.withNoNewPrivileges(Optional.of(true)))));
    }

    /** The number of who has none of its own. */
    private ContainerSpec pids(ContainerSpec spec) {
        var most = confinement.pids();
        if (most.isEmpty()
                || spec.resources()
                        .pids()
                        .filter(own -> own <= most.get().value())
                        .isPresent()) {
            return spec;
        }
        places.put("services." + spec.service() + ".pids_limit", most.get().at());
        return spec.with(spec.resources().withPids(Optional.of(most.get().value())));
    }
}
