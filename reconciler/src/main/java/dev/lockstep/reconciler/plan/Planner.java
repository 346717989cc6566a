package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.desired.DesiredNetwork;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.DesiredVolume;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.network.LeaseKey;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.spec.model.Dependency;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Compares what a stack should be with what is, and says what to do. Everything is decided here, from immutable values;
 * whoever applies the plan only does what it says.
 */
public final class Planner {
    private final Desired desired;
    private final Observed observed;
    private final Facts facts;
    private final Sensitive sensitive;
    private final Map<String, Step> steps = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();
    private final List<String> refusals = new ArrayList<>();
    /** Steps of each service that start something or change it: what its dependants come after. */
    private final Map<String, Set<String>> serviceSteps = new HashMap<>();

    private final Set<String> replacedServices = new HashSet<>();

    private Planner(Desired desired, Observed observed, Facts facts) {
        this.desired = desired;
        this.observed = observed;
        this.facts = facts;
        this.sensitive = new Sensitive(facts.secretValues());
    }

    /** The plan; empty when the host is as it should be. */
    public static Plan plan(Desired desired, Observed observed, Facts facts) {
        return new Planner(desired, observed, facts).run();
    }

    private Plan run() {
        var claimedBy = foreignOwner();
        if (claimedBy.isPresent()) {
            problems.add(new Problem(
                    SourcePosition.DEFAULT,
                    "",
                    "stack " + desired.stack() + " on this host belongs to " + claimedBy.get()
                            + "; take it down there first, or give this one another name"));
            return result();
        }
        desired.networks().forEach(this::network);
        desired.volumes().forEach(this::volume);
        var known = new HashSet<String>();
        for (var service : desired.services()) {
            service(service, known);
        }
        leftovers(known);
        pullsComeFirst();
        guard();
        return result();
    }

    private Plan result() {
        return new Plan(
                desired.owner().host(),
                desired.stack(),
                desired.revision(),
                List.copyOf(steps.values()),
                warnings,
                problems.stream().sorted().distinct().toList(),
                refusals);
    }

    /** The repository that a stack of this name came from, when this one comes from another. */
    private Optional<String> foreignOwner() {
        return desired.owner()
                .repository()
                .flatMap(mine -> observed.containersOf(desired.stack()).stream()
                        .flatMap(c -> c.record().spec().owner().repository().stream())
                        .filter(theirs -> !theirs.equals(mine))
                        .findFirst());
    }

    private void network(DesiredNetwork network) {
        var spec = network.spec();
        var at = desired.sources().at("networks." + network.key());
        var path = "networks." + network.key();
        var found = observed.network(spec.name());
        if (network.external()) {
            if (found.isEmpty()) {
                problem(path, "network " + spec.name() + " is declared as external, but there is none of that name");
            }
            return;
        }
        if (found.isEmpty()) {
            Optional.ofNullable(facts.subnetConflicts().get(spec.name()))
                    .ifPresent(conflict -> problem(path, conflict));
            add(new Operation.CreateNetwork(spec), List.of(), Set.of());
            return;
        }
        var record = found.get().record();
        var then = record.spec();
        if (!then.owner().stack().equals(desired.stack())) {
            warnings.add("network " + spec.name() + " belongs to "
                    + (then.owner().stack().isEmpty()
                            ? "no stack"
                            : "stack " + then.owner().stack())
                    + "; it is used as it is");
            return;
        }
        var definition = new ArrayList<Cause>();
        var kept = subnetAsked(spec, record.subnet().toString());
        compare(definition, "internal", String.valueOf(then.internal()), String.valueOf(spec.internal()), at);
        if (!kept) {
            compare(
                    definition,
                    "ipam.config.subnet",
                    record.subnet().toString(),
                    spec.subnet().map(Object::toString).orElse("(chosen)"),
                    at);
        }
        compare(definition, "ipam.config.gateway", show(then.gateway()), show(spec.gateway()), at);
        compare(definition, "ipam.config.ip_range", show(then.ipRange()), show(spec.ipRange()), at);
        compare(
                definition,
                "driver_opts",
                then.driverOptions().toString(),
                spec.driverOptions().toString(),
                at);
        if (!definition.isEmpty()) {
            add(new Operation.ReplaceNetwork(spec), definition, Set.of());
            return;
        }
        var light = new ArrayList<Cause>();
        compare(light, "labels", then.labels().toString(), spec.labels().toString(), at);
        if (spec.owner().repository().isPresent()) {
            compare(
                    light,
                    "owner",
                    show(then.owner().repository()),
                    show(spec.owner().repository()),
                    at);
        }
        if (!light.isEmpty()) {
            add(new Operation.UpdateNetwork(spec), light, Set.of());
        }
        if (!found.get().intact() && !runningOn(spec.name()).isEmpty()) {
            var causes = new ArrayList<Cause>();
            if (!found.get().bridge()) {
                causes.add(Cause.drift("bridge " + record.bridge(), "missing", "up"));
            } else if (!found.get().address()) {
                causes.add(Cause.drift(
                        "address of bridge " + record.bridge(),
                        "missing",
                        record.gateway().toString()));
            }
            if (!found.get().rules()) {
                causes.add(Cause.drift("nftables rules", "missing", "present"));
            }
            add(new Operation.RepairNetwork(spec.name()), causes, Set.of());
        }
    }

    /** Asked then and not now, or never asked: the subnet that was filled in stays. */
    private static boolean subnetAsked(NetworkSpec spec, String effective) {
        return spec.subnet().isEmpty() || spec.subnet().get().toString().equals(effective);
    }

    private static String show(Optional<?> value) {
        return value.map(Object::toString).orElse("");
    }

    private static void compare(List<Cause> causes, String field, String then, String now, SourcePosition at) {
        if (!then.equals(now)) {
            causes.add(new Cause(Cause.Kind.SPEC, field, then, now, Optional.of(at)));
        }
    }

    private List<ObservedContainer> runningOn(String network) {
        return observed.containers().stream()
                .filter(ObservedContainer::isRunning)
                .filter(c -> c.record().spec().networks().stream()
                        .anyMatch(a -> a.network().equals(network)))
                .toList();
    }

    private void volume(DesiredVolume volume) {
        var name = volume.spec().name();
        var found = observed.volume(name);
        if (volume.external()) {
            if (found.isEmpty()) {
                problem("volumes." + volume.key(), "external volume " + name + " does not exist");
            }
        } else if (found.isEmpty()) {
            add(new Operation.CreateVolume(volume.spec()), List.of(), Set.of());
        } else if (!found.get().spec().owner().stack().equals(desired.stack())) {
            var owner = found.get().spec().owner().stack();
            warnings.add("volume " + name + " belongs to " + (owner.isEmpty() ? "no stack" : "stack " + owner)
                    + "; it is used as it is");
        }
    }

    private void service(DesiredService service, Set<String> known) {
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
        scaledDown(service, known);
    }

    private void nameIsFree(ContainerSpec spec) {
        observed.containers().stream()
                .filter(c -> c.name().equals(spec.name()))
                .filter(c -> !c.record().spec().owner().stack().equals(desired.stack()))
                .findFirst()
                .ifPresent(c -> problem(
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
                problem(
                        "services." + spec.service() + ".ports",
                        "port " + port.hostIp().orElse("0.0.0.0") + ":"
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
                .forEach(c -> add(
                        new Operation.RemoveContainer(
                                c.id(), c.name() + " (" + c.record().shortId() + ")", Optional.empty(), false),
                        List.of(Cause.drift("", "left by an interrupted change", "")),
                        Set.of()));
        if (best.isEmpty()) {
            start(service, new Operation.CreateContainer(wanted.spec()), wanted, List.of());
            return;
        }
        var container = best.get();
        var diff = diff(container, wanted);
        if (!diff.replace().isEmpty() || facts.forceRecreate()) {
            var causes = new ArrayList<>(diff.replace());
            causes.addAll(diff.inPlace());
            if (causes.isEmpty()) {
                causes.add(new Cause(
                        Cause.Kind.SPEC, "", "", "replaced because --force-recreate asks for it", Optional.empty()));
            }
            replacedServices.add(service.name());
            start(service, new Operation.ReplaceContainer(container.id(), wanted.spec()), wanted, causes);
            return;
        }
        // The record keeps the digest it was made with when nobody could say what the reference is now.
        var spec = wanted.image() instanceof Resolution.Unknown
                ? wanted.spec().withDigest(container.record().spec().digest())
                : wanted.spec();
        var notRunning = whyStart(container);
        if (notRunning.isPresent()) {
            var causes = new ArrayList<>(diff.inPlace());
            causes.add(notRunning.get());
            start(service, new Operation.StartContainer(container.id(), spec), wanted, causes);
        } else if (!diff.inPlace().isEmpty()) {
            add(new Operation.UpdateContainer(container.id(), spec), diff.inPlace(), usedNetworks(spec));
            serviceSteps
                    .computeIfAbsent(service.name(), _ -> new TreeSet<>())
                    .add(id(new Operation.UpdateContainer(container.id(), spec)));
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
                                    Optional.of(desired.sources()
                                            .at("services." + service.name() + ".depends_on." + name)))));
                }
            });
        }
    }

    private ContainerDiff diff(ObservedContainer container, DesiredContainer wanted) {
        if (container.record().effective().isEmpty()) {
            return new ContainerDiff(List.of(Cause.drift("", "half made", "")), List.of());
        }
        return ContainerDiff.between(container, wanted, observed, desired.sources(), sensitive);
    }

    /** Why a container that does not run has to be started; empty when it runs or may stay as it is. */
    private Optional<Cause> whyStart(ObservedContainer container) {
        if (facts.leftAlone().contains(container.id())) {
            return Optional.empty();
        }
        var policy = container.record().spec().restart();
        return switch (container.state()) {
            case ContainerState.Running _ -> Optional.empty();
            case ContainerState.Created _ ->
                container
                        .life()
                        .error()
                        .map(e -> Cause.drift("state", "did not start: " + e, "running"))
                        .or(() -> Optional.of(Cause.drift("state", "created", "running")));
            case ContainerState.Lost _ ->
                Optional.of(Cause.drift("state", "gone (the host was restarted, or somebody removed it)", "running"));
            case ContainerState.Exited(var outcome, var unused) -> {
                var byHand = container.life().stoppedByUser();
                var always = policy.condition() == RestartPolicy.Condition.ALWAYS
                        || policy.condition() == RestartPolicy.Condition.UNLESS_STOPPED;
                if (outcome.exitCode() == 0 && !byHand && !always && !outcome.lost()) {
                    // It did what it was made for: "completed", until its definition changes.
                    yield Optional.empty();
                }
                if (facts.followed()
                        && policy.explicit()
                        && policy.condition() == RestartPolicy.Condition.NO
                        && !byHand) {
                    warnings.add("container " + container.name() + " ended with exit code " + outcome.exitCode()
                            + "; restart: \"no\" is written in its file, so it is not started");
                    yield Optional.empty();
                }
                yield Optional.of(Cause.drift(
                        "state",
                        byHand
                                ? "stopped by hand"
                                : "exited (" + outcome.exitCode() + ")"
                                        + (outcome.oomKilled() ? ", out of memory" : "")
                                        + (outcome.lost() ? ", nobody saw it end" : ""),
                        "running"));
            }
        };
    }

    /** A step that ends with a running container. */
    private void start(DesiredService service, Operation operation, DesiredContainer wanted, List<Cause> causes) {
        var after = new TreeSet<String>();
        after.addAll(usedNetworks(wanted.spec()));
        // What is left of an interrupted change still has the name.
        steps.keySet().stream()
                .filter(id -> id.startsWith("container/" + wanted.spec().name() + " ("))
                .forEach(after::add);
        wanted.spec().mounts().stream()
                .map(m -> "volume/" + (m instanceof dev.lockstep.runtime.container.MountSpec.Volume v ? v.name() : ""))
                .filter(steps::containsKey)
                .forEach(after::add);
        Map<String, Dependency> gates = new LinkedHashMap<>();
        service.dependsOn().forEach((name, dependency) -> {
            after.addAll(serviceSteps.getOrDefault(name, Set.of()));
            gates.put(name, dependency);
        });
        if (!(wanted.image() instanceof Resolution.Local)
                && (operation instanceof Operation.CreateContainer
                        || operation instanceof Operation.ReplaceContainer)) {
            var pull = new Operation.PullImage(
                    wanted.spec().image(), wanted.image().known());
            add(pull, List.of(), Set.of());
        }
        var step = new Step(id(operation), operation, causes, after, gates);
        steps.put(step.id(), step);
        serviceSteps.computeIfAbsent(service.name(), _ -> new TreeSet<>()).add(step.id());
    }

    private Set<String> usedNetworks(ContainerSpec spec) {
        var used = new TreeSet<String>();
        spec.networks().stream()
                .map(a -> "network/" + a.network())
                .filter(steps::containsKey)
                .forEach(used::add);
        return used;
    }

    private void scaledDown(DesiredService service, Set<String> known) {
        observed.containersOf(desired.stack()).stream()
                .filter(c -> c.record().spec().service().equals(service.name()))
                .filter(c -> !known.contains(c.id()))
                .sorted(Comparator.comparingInt(
                                (ObservedContainer c) -> c.record().spec().slot())
                        .reversed())
                .forEach(c -> {
                    known.add(c.id());
                    add(
                            new Operation.RemoveContainer(c.id(), c.name(), Optional.of(slotOf(c)), false),
                            List.of(new Cause(
                                    Cause.Kind.SPEC,
                                    "deploy.replicas",
                                    "",
                                    String.valueOf(service.slots().size()),
                                    Optional.of(
                                            desired.sources().at("services." + service.name() + ".deploy.replicas")))),
                            Set.of());
                });
    }

    /** Containers and networks of the stack that the files do not name. */
    private void leftovers(Set<String> known) {
        var orphans = observed.containersOf(desired.stack()).stream()
                .filter(c -> !known.contains(c.id()))
                .toList();
        var removals = new LinkedHashSet<String>();
        if (facts.prune()) {
            for (var orphan : reverseOrder(orphans)) {
                var operation = new Operation.RemoveContainer(
                        orphan.id(), orphan.name(), Optional.of(slotOf(orphan)), facts.removeVolumes());
                add(
                        operation,
                        List.of(noLonger("service " + orphan.record().spec().service())),
                        dependants(orphan, orphans));
                removals.add(id(operation));
            }
        } else if (!orphans.isEmpty()) {
            warnings.add("containers of services that the files do not name: "
                    + String.join(
                            ", ", orphans.stream().map(ObservedContainer::name).toList())
                    + "; --remove-orphans removes them");
        }
        if (!facts.prune()) {
            return;
        }
        var wantedNetworks =
                desired.networks().stream().map(n -> n.spec().name()).toList();
        observed.networks().networks().stream()
                .map(n -> n.record())
                .filter(r -> r.spec().owner().stack().equals(desired.stack()))
                .filter(r -> !wantedNetworks.contains(r.name()))
                .forEach(r -> {
                    var after = new TreeSet<>(removals);
                    // Containers that move to another network have left this one by then.
                    steps.values().stream()
                            .filter(s -> !(s.operation() instanceof Operation.PullImage))
                            .map(Step::id)
                            .filter(s -> s.startsWith("container/"))
                            .forEach(after::add);
                    add(new Operation.RemoveNetwork(r.name()), List.of(noLonger("network")), after);
                });
        if (facts.removeVolumes()) {
            var wantedVolumes =
                    desired.volumes().stream().map(v -> v.spec().name()).toList();
            observed.volumes().stream()
                    .filter(v -> v.spec().owner().stack().equals(desired.stack()))
                    .filter(v -> !wantedVolumes.contains(v.spec().name()))
                    .forEach(v -> add(
                            new Operation.RemoveVolume(v.spec().name()),
                            List.of(noLonger("volume")),
                            new TreeSet<>(removals)));
        }
    }

    /** Steps that take down what depends on the container: a server goes after its clients. */
    private static Set<String> dependants(ObservedContainer container, List<ObservedContainer> all) {
        var service = container.record().spec().service();
        return all.stream()
                .filter(c ->
                        ComposeLabels.dependencies(c.record().spec().labels()).contains(service))
                .filter(c -> !c.record().spec().service().equals(service))
                .map(c -> "container/" + c.name())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** What depends on others comes before them, else by name. */
    private static List<ObservedContainer> reverseOrder(List<ObservedContainer> containers) {
        var ordered = new ArrayList<ObservedContainer>();
        var left = new ArrayList<>(containers);
        while (!left.isEmpty()) {
            var next = left.stream()
                    .filter(c -> dependants(c, left).isEmpty())
                    .findFirst()
                    .orElse(left.getFirst()); // records that disagree: any order
            ordered.add(next);
            left.remove(next);
        }
        return ordered;
    }

    private static LeaseKey slotOf(ObservedContainer container) {
        var spec = container.record().spec();
        return new LeaseKey(spec.owner().stack(), spec.service(), spec.slot());
    }

    private static Cause noLonger(String what) {
        return new Cause(Cause.Kind.SPEC, "", what + " is not wanted any more", "", Optional.empty());
    }

    /** A plan whose images cannot be had changes nothing: every other step waits for all pulls. */
    private void pullsComeFirst() {
        var pulls = steps.values().stream()
                .filter(s -> s.operation() instanceof Operation.PullImage)
                .map(Step::id)
                .toList();
        if (pulls.isEmpty()) {
            return;
        }
        var ordered = new LinkedHashMap<String, Step>();
        pulls.forEach(id -> ordered.put(id, steps.get(id)));
        steps.forEach((id, step) -> {
            if (!pulls.contains(id)) {
                var after = new TreeSet<>(step.after());
                after.addAll(pulls);
                ordered.put(id, new Step(id, step.operation(), step.causes(), after, step.gates()));
            }
        });
        steps.clear();
        steps.putAll(ordered);
    }

    /** What follows a repository must not empty a host because a file was emptied by mistake. */
    private void guard() {
        if (!facts.followed()) {
            return;
        }
        var running = observed.containersOf(desired.stack()).size();
        var removed = steps.values().stream()
                .filter(s -> s.operation() instanceof Operation.RemoveContainer)
                .count();
        if (running > 1 && removed == running) {
            refusals.add("the plan would remove all " + running + " containers of stack " + desired.stack()
                    + "; if that is meant, run 'lockstep -p " + desired.stack() + " down'");
        }
    }

    private void problem(String path, String message) {
        problems.add(new Problem(desired.sources().at(path), path, message));
    }

    private void add(Operation operation, List<Cause> causes, Set<String> after) {
        steps.putIfAbsent(id(operation), new Step(id(operation), operation, causes, after, Map.of()));
    }

    private static String id(Operation operation) {
        return switch (operation) {
            case Operation.PullImage p -> "image/" + p.image();
            case Operation.CreateNetwork _,
                    Operation.UpdateNetwork _,
                    Operation.ReplaceNetwork _,
                    Operation.RemoveNetwork _ -> "network/" + operation.name();
            case Operation.RepairNetwork _ -> "network/" + operation.name() + "/repair";
            case Operation.CreateVolume _, Operation.RemoveVolume _ -> "volume/" + operation.name();
            case Operation.CreateContainer _,
                    Operation.ReplaceContainer _,
                    Operation.UpdateContainer _,
                    Operation.StartContainer _,
                    Operation.RestartContainer _,
                    Operation.RemoveContainer _ -> "container/" + operation.name();
        };
    }
}
