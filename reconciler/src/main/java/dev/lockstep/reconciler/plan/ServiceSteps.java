package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.StorageOptions;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.spec.model.Dependency;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What to do about the containers of services, each after those that it depends on. */
final class ServiceSteps {
    private final Desired desired;
    private final Observed observed;
    private final Facts facts;
    private final PlanBuilder plan;
    private final RemovalSteps removals;
    private final Sensitive sensitive;
    /** Steps of each service that start something or change it: what its dependants come after. */
    private final Map<String, Set<String>> serviceSteps = new HashMap<>();

    private final Set<String> replacedServices = new HashSet<>();
    /** Names of containers that are replaced, or begin anew and with them their namespaces. */
    private final Set<String> replacedContainers = new HashSet<>();

    ServiceSteps(Desired desired, Observed observed, Facts facts, PlanBuilder plan, RemovalSteps removals) {
        this.desired = desired;
        this.observed = observed;
        this.facts = facts;
        this.plan = plan;
        this.removals = removals;
        this.sensitive = new Sensitive(facts.secrets());
    }

    /** @param known takes the ids of the containers that belong to the service */
    void plan(DesiredService service, Set<String> known) {
        if (isUntouched(service.name())) {
            return;
        }
        for (var slot : service.slots()) {
            var candidates = observed.containersOf(desired.stack()).stream()
                    .filter(c -> c.record().spec().service().equals(service.name()))
                    .filter(c -> c.record().spec().slot() == slot.spec().slot())
                    .toList();
            candidates.forEach(c -> known.add(c.id()));
            nameIsFree(slot.spec());
            ports(slot.spec());
            slot(service, slot, candidates);
        }
        removals.scaledDown(service, known);
    }

    private boolean isUntouched(String service) {
        return facts.wishes().untouched().contains(service);
    }

    private void nameIsFree(ContainerSpec spec) {
        observed.containers().stream()
                .filter(c -> c.name().equals(spec.name()))
                .filter(c -> !c.record().spec().owner().stack().equals(desired.stack()))
                .findFirst()
                .ifPresent(c -> plan.problem(
                        "services." + spec.service(),
                        "the container name " + spec.name() + " is taken by a container of "
                                + (c.record().spec().owner().stack().isEmpty()
                                        ? "no stack"
                                        : "stack " + c.record().spec().owner().stack())));
    }

    private void ports(ContainerSpec spec) {
        for (var port : spec.ports()) {
            var holder = facts.portHolders().get(port);
            if (holder != null) {
                plan.problem(
                        "services." + spec.service() + ".ports",
                        "port " + port.hostIp().map(IpAddress::beforePort).orElse("0.0.0.0") + ":"
                                + port.hostPort().map(String::valueOf).orElse("") + "/"
                                + port.protocol().lowerCase() + " is in use by " + holder
                                + "; stop that, or publish another port");
            }
        }
    }

    private void slot(DesiredService service, DesiredContainer wanted, List<ObservedContainer> candidates) {
        var best = candidates.stream()
                .filter(c -> c.record().phase() == ContainerRecord.Phase.CREATED)
                .min(Comparator.comparing((ObservedContainer c) ->
                                !diff(c, wanted).replace().isEmpty())
                        .thenComparing(c -> !c.isRunning())
                        .thenComparing(c -> c.record().createdAt(), Comparator.reverseOrder()));
        candidates.stream()
                .filter(c -> best.isEmpty() || !c.id().equals(best.get().id()))
                .forEach(c -> plan.add(
                        new Operation.RemoveContainer(
                                c.id(), c.name() + " (" + c.record().shortId() + ")", Optional.empty(), false),
                        List.of(Cause.drift("", "left by an interrupted change", "")),
                        Set.of()));
        if (best.isEmpty()) {
            start(
                    service,
                    new Operation.CreateContainer(wanted.spec(), facts.wishes().start()),
                    wanted,
                    List.of());
            return;
        }
        var container = best.get();
        var diff = diff(container, wanted);
        var wishes = facts.wishes();
        var shared = sharedWithReplaced(wanted.spec());
        var forced = facts.forceRecreate() || wishes.recreate().contains(service.name());
        if (forced || !(diff.replace().isEmpty() && shared.isEmpty()) && !wishes.keep()) {
            var causes = new ArrayList<>(diff.replace());
            causes.addAll(shared);
            causes.addAll(diff.inPlace());
            if (causes.isEmpty()) {
                causes.add(new Cause(
                        Cause.Kind.SPEC, "", "", "replaced because --force-recreate asks for it", Optional.empty()));
            }
            replacedServices.add(service.name());
            replacedContainers.add(container.name());
            replacedContainers.add(wanted.spec().name());
            var replace = new Operation.ReplaceContainer(
                    container.id(), wanted.spec(), wishes.start(), wishes.renewVolumes());
            start(service, replace, wanted, causes);
            return;
        }
        var spec = kept(container, wanted);
        var notRunning = wishes.start() ? new StartCause(facts, plan).of(container) : Optional.<Cause>empty();
        if (notRunning.isPresent()) {
            var causes = new ArrayList<>(diff.inPlace());
            causes.add(notRunning.get());
            start(service, new Operation.StartContainer(container.id(), spec), wanted, causes);
        } else if (wishes.start() && !begunAnew(container).isEmpty()) {
            var causes = new ArrayList<>(diff.inPlace());
            causes.addAll(begunAnew(container));
            start(service, new Operation.RestartContainer(container.id(), spec), wanted, causes);
        } else if (!diff.inPlace().isEmpty() && !wishes.keep()) {
            var update = new Operation.UpdateContainer(container.id(), spec);
            stepsOf(service).add(plan.add(update, diff.inPlace(), usedNetworks(spec)));
        } else if (container.isRunning()) {
            service.dependsOn().forEach((name, dependency) -> {
                if (dependency.restart() && replacedServices.contains(name)) {
                    start(
                            service,
                            new Operation.RestartContainer(container.id(), spec),
                            wanted,
                            List.of(new Cause(
                                    Cause.Kind.DEPENDENCY,
                                    "depends_on." + name + ".restart",
                                    "",
                                    name + " is replaced",
                                    Optional.of(new Places(desired.sources())
                                            .of("services." + service.name() + ".depends_on." + name)))));
                }
            });
        }
    }

    /** What a container that stays is to be from now on. */
    private ContainerSpec kept(ObservedContainer container, DesiredContainer wanted) {
        if (facts.wishes().keep()) {
            return container.record().spec();
        }
        // The record keeps the digest it was made with when nobody could say what the reference is now.
        var spec = wanted.image() instanceof Resolution.Unknown
                ? wanted.spec().withDigest(container.record().spec().digest())
                : wanted.spec();
        // A person may have given it another name; the place that it fills is the same.
        return spec.withName(container.name());
    }

    /** What it shares with a container that is replaced goes with that one (its namespaces, its volumes). */
    private List<Cause> sharedWithReplaced(ContainerSpec spec) {
        var isolation = spec.options().isolation();
        var causes = new ArrayList<Cause>();
        Stream.concat(
                        isolation.namespaces().joined().stream(),
                        spec.options().storage().volumesFrom().stream().map(StorageOptions.VolumesFrom::container))
                .distinct()
                .filter(replacedContainers::contains)
                .forEach(name -> causes.add(new Cause(
                        Cause.Kind.DEPENDENCY,
                        "",
                        "",
                        "shares with container " + name + ", which is replaced",
                        Optional.empty())));
        return causes;
    }

    /** It runs in namespaces that were another container's, which has ended or begun anew since. */
    private List<Cause> begunAnew(ObservedContainer container) {
        return container.left().stream()
                .map(name -> Cause.drift("", "in a namespace of an earlier run of container " + name, ""))
                .toList();
    }

    private ContainerDiff diff(ObservedContainer container, DesiredContainer wanted) {
        if (container.record().effective().isEmpty()) {
            return new ContainerDiff(List.of(Cause.drift("", "half made", "")), List.of());
        }
        return ContainerDiff.between(container, wanted, observed, desired, sensitive);
    }

    /** A step that ends with a running container. */
    private void start(DesiredService service, Operation operation, DesiredContainer wanted, List<Cause> causes) {
        var after = new TreeSet<String>();
        after.addAll(usedNetworks(wanted.spec()));
        // What is left of an interrupted change still has the name.
        plan.steps().stream()
                .map(Step::id)
                .filter(id -> id.startsWith("container/" + wanted.spec().name() + " ("))
                .forEach(after::add);
        wanted.spec().mounts().stream()
                .map(m -> "volume/" + (m instanceof MountSpec.Volume v ? v.name() : ""))
                .filter(plan::has)
                .forEach(after::add);
        Map<String, Dependency> gates = new LinkedHashMap<>();
        service.dependsOn().forEach((name, dependency) -> {
            after.addAll(serviceSteps.getOrDefault(name, Set.of()));
            if (facts.wishes().start() && !isUntouched(name)) {
                gates.put(name, dependency);
            }
        });
        if (!(wanted.image() instanceof Resolution.Local)
                && (operation instanceof Operation.CreateContainer
                        || operation instanceof Operation.ReplaceContainer)) {
            var pull = new Operation.PullImage(
                    wanted.spec().image(), wanted.image().known());
            plan.add(pull, List.of(), Set.of());
        }
        if (operation instanceof Operation.CreateContainer || operation instanceof Operation.ReplaceContainer) {
            wanted.mounted().forEach((reference, resolution) -> {
                if (!(resolution instanceof Resolution.Local)) {
                    plan.add(new Operation.PullImage(reference, resolution.known()), List.of(), Set.of());
                }
            });
        }
        stepsOf(service).add(plan.put(operation, causes, after, gates));
    }

    private Set<String> stepsOf(DesiredService service) {
        return serviceSteps.computeIfAbsent(service.name(), _ -> new TreeSet<>());
    }

    private Set<String> usedNetworks(ContainerSpec spec) {
        var used = new TreeSet<String>();
        spec.networks().stream()
                .map(a -> "network/" + a.network())
                .filter(plan::has)
                .forEach(used::add);
        return used;
    }
}
