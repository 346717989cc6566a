package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.desired.DesiredNetwork;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.AddressFamily;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.Cidr;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.NetworkRecord;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.network.ObservedNetwork;
import dev.lockstep.runtime.network.Subnet;
import dev.lockstep.runtime.network.SubnetSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What to do about the networks of a stack. */
record NetworkSteps(Desired desired, Observed observed, Facts facts, PlanBuilder plan) {
    void plan(DesiredNetwork network) {
        var spec = network.spec();
        var path = "networks." + network.key();
        var found = observed.network(spec.name());
        if (network.external()) {
            if (found.isEmpty()) {
                plan.problem(
                        path, "network " + spec.name() + " is declared as external, but there is none of that name");
            }
            return;
        }
        observed.networks().overlaps().stream()
                .filter(overlap -> overlap.startsWith("network " + spec.name() + ": "))
                .forEach(plan::warn);
        if (found.isEmpty()) {
            Optional.ofNullable(facts.subnetConflicts().get(spec.name()))
                    .ifPresent(conflict -> plan.problem(path, conflict));
            plan.add(new Operation.CreateNetwork(spec), List.of(), Set.of());
            return;
        }
        var record = found.get().record();
        var then = record.spec();
        if (!facts.ownership(desired).isOwn(then.owner())) {
            plan.warn("network " + spec.name() + " belongs to " + Ownership.words(then.owner())
                    + "; it is used as it is");
            return;
        }
        var definition = definition(record, spec, path);
        if (!definition.isEmpty()) {
            Optional.ofNullable(facts.subnetConflicts().get(spec.name()))
                    .ifPresent(conflict -> plan.problem(path, conflict));
            requireNobodyElse(spec.name(), path);
            plan.add(new Operation.ReplaceNetwork(spec, ends(spec.name())), definition, Set.of());
            return;
        }
        var marks = marks(then, spec, path);
        if (!marks.isEmpty()) {
            plan.add(new Operation.UpdateNetwork(spec), marks, Set.of());
        }
        if (!found.get().intact() && !runningOn(spec.name()).isEmpty()) {
            plan.add(new Operation.RepairNetwork(spec.name()), missing(found.get()), Set.of());
        }
    }

    /** What makes it another network. */
    private List<Cause> definition(NetworkRecord record, NetworkSpec now, String path) {
        var then = record.spec();
        var causes = new ArrayList<Cause>();
        compare(causes, "driver", then.driver(), now.driver(), path + ".driver");
        compare(
                causes,
                "internal",
                String.valueOf(then.internal()),
                String.valueOf(now.internal()),
                path + ".internal");
        compare(causes, "enable_ipv4", String.valueOf(then.ipv4()), String.valueOf(now.ipv4()), path + ".enable_ipv4");
        compare(causes, "enable_ipv6", String.valueOf(then.ipv6()), String.valueOf(now.ipv6()), path + ".enable_ipv6");
        for (var family : AddressFamily.values()) {
            subnets(causes, record, now, family, path);
        }
        compare(
                causes,
                "driver_opts",
                new TreeMap<>(then.driverOptions()).toString(),
                new TreeMap<>(now.driverOptions()).toString(),
                path + ".driver_opts");
        return causes;
    }

    private void subnets(List<Cause> causes, NetworkRecord record, NetworkSpec now, AddressFamily family, String path) {
        // Which of them the file names first means nothing, and nor does the order of what it reserves.
        var asked = byRange(now.subnets(family), SubnetSpec::range);
        var then = byRange(record.spec().subnets(family), SubnetSpec::range);
        var at = path + ".ipam.config" + (now.subnets().size() == 1 ? "[0]" : "");
        // Asked then and not now, or never asked: the subnet that was filled in stays.
        if (!asked.isEmpty()) {
            compare(
                    causes,
                    "ipam.config.subnet",
                    show(byRange(record.subnets(family), Subnet::range), Subnet::range),
                    show(asked, SubnetSpec::range),
                    at + ".subnet");
        }
        compare(
                causes,
                "ipam.config.gateway",
                show(then, s -> show(s.gateway())),
                show(asked, s -> show(s.gateway())),
                at + ".gateway");
        compare(
                causes,
                "ipam.config.ip_range",
                show(then, s -> show(s.ipRange())),
                show(asked, s -> show(s.ipRange())),
                at + ".ip_range");
        compare(
                causes,
                "ipam.config.aux_addresses",
                show(then, s -> s.reserved().isEmpty() ? "" : new TreeMap<>(s.reserved())),
                show(asked, s -> s.reserved().isEmpty() ? "" : new TreeMap<>(s.reserved())),
                at + ".aux_addresses");
    }

    private static <T> List<T> byRange(List<T> all, Function<T, Cidr> range) {
        return all.stream()
                .sorted(Comparator.comparing(each -> range.apply(each).toString()))
                .toList();
    }

    private static <T> String show(List<T> all, Function<T, Object> part) {
        return all.stream()
                .map(part)
                .map(Object::toString)
                .filter(text -> !text.isEmpty())
                .collect(Collectors.joining(", "));
    }

    /** What only its record says. */
    private List<Cause> marks(NetworkSpec then, NetworkSpec now, String path) {
        var causes = new ArrayList<>(new LabelCauses(desired, facts).between(then.labels(), now.labels(), path));
        if (now.owner().repository().isPresent()) {
            compare(
                    causes,
                    "owner",
                    show(then.owner().repository()),
                    show(now.owner().repository()),
                    path);
        }
        return causes;
    }

    /** What of it somebody took away. */
    private static List<Cause> missing(ObservedNetwork network) {
        var record = network.record();
        var causes = new ArrayList<Cause>();
        if (!network.bridge()) {
            causes.add(Cause.drift("bridge " + record.bridge(), "missing", "up"));
        } else if (!network.address()) {
            causes.add(Cause.drift(
                    "address of bridge " + record.bridge(),
                    "missing",
                    record.gateways().stream().map(IpAddress::toString).collect(Collectors.joining(", "))));
        }
        if (network.outdated()) {
            // Nobody on the host did this, nor does any file ask for it.
            causes.add(new Cause(
                    Cause.Kind.DEPENDENCY,
                    "nftables rules",
                    "of an earlier version of Lockstep",
                    "of this one",
                    Optional.empty()));
        } else if (!network.rules()) {
            causes.add(Cause.drift("nftables rules", "missing", "present"));
        }
        if (!network.forwarding()) {
            causes.add(Cause.drift("forwarding of the host", "off", "on"));
        }
        if (!network.names()) {
            causes.add(Cause.drift("name server", "ended", "running"));
        }
        return causes;
    }

    private static String show(Optional<?> value) {
        return value.map(Object::toString).orElse("");
    }

    private void compare(List<Cause> causes, String field, String then, String now, String path) {
        if (!then.equals(now)) {
            var at = new Places(desired.sources()).of(path);
            var sensitive = new Sensitive(facts.secrets());
            var secret = sensitive.covers(at);
            causes.add(new Cause(
                    Cause.Kind.SPEC,
                    field,
                    secret ? Sensitive.MASK : sensitive.show(then),
                    secret ? Sensitive.MASK : sensitive.show(now),
                    Optional.of(at)));
        }
    }

    /** Others would lose their addresses and connections by a change of files that are not theirs. */
    private void requireNobodyElse(String network, String path) {
        var others = runningOn(network).stream()
                .map(c -> c.record().spec())
                .filter(spec -> !spec.owner().stack().isEmpty())
                .filter(spec -> !spec.owner().stack().equals(desired.stack()))
                .map(spec -> spec.name() + " of stack " + spec.owner().stack())
                .sorted()
                .toList();
        if (!others.isEmpty()) {
            plan.problem(
                    path,
                    "network " + network + " must be made anew for what has changed, but " + String.join(", ", others)
                            + (others.size() == 1 ? " is" : " are")
                            + " on it; stop what uses it there, or leave the network as it is");
        }
    }

    /** As the files want it now; one that they do not want there any more is there only until its own turn comes. */
    private Map<String, AttachmentSpec> ends(String network) {
        var ends = new LinkedHashMap<String, AttachmentSpec>();
        for (var container : runningOn(network)) {
            var spec = container.record().spec();
            var then = end(spec, network).orElseThrow();
            var loose = new AttachmentSpec(network, then.aliases(), List.of(), then.priority(), then.options());
            var isOurs = spec.owner().stack().equals(desired.stack());
            ends.put(container.id(), isOurs ? wanted(spec, network).orElse(loose) : then);
        }
        return ends;
    }

    private Optional<AttachmentSpec> wanted(ContainerSpec spec, String network) {
        return desired.services().stream()
                .filter(service -> service.name().equals(spec.service()))
                .flatMap(service -> service.slots().stream())
                .map(DesiredContainer::spec)
                .filter(wanted -> wanted.slot() == spec.slot())
                .flatMap(wanted -> end(wanted, network).stream())
                .findFirst();
    }

    private static Optional<AttachmentSpec> end(ContainerSpec spec, String network) {
        return spec.networks().stream().filter(a -> a.network().equals(network)).findFirst();
    }

    private List<ObservedContainer> runningOn(String network) {
        return observed.containers().stream()
                .filter(ObservedContainer::isRunning)
                .filter(c -> c.record().spec().networks().stream()
                        .anyMatch(a -> a.network().equals(network)))
                .toList();
    }
}
