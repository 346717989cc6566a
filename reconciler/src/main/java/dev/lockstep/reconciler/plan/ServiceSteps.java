package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.JobLabel;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.StorageOptions;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.spec.model.Dependency;
import java.time.Duration;
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
import org.jspecify.annotations.Nullable;

/** What to do about the containers of services, each after those that it depends on. */
final class ServiceSteps {
    private final Desired desired;
    private final Observed observed;
    private final Facts facts;
    private final PlanBuilder plan;
    private final RemovalSteps removals;
    private final Sensitive sensitive;
    /** The stack's containers, found once for all: a host may have thousands. */
    private final Map<Place, List<ObservedContainer>> mine = new HashMap<>();

    /** Those of other stacks, by name. */
    private final Map<String, ObservedContainer> others = new HashMap<>();

    private record Place(String service, int slot) {
        // As the JVM would make them, but it makes them when they are first called, which every plan would pay.
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Place its && slot == its.slot && service.equals(its.service);
        }

        @Override
        public int hashCode() {
            return 31 * service.hashCode() + slot;
        }
    }

    /** Steps of each service that start something or change it: what its dependants come after. */
    private final Map<String, Set<String>> serviceSteps = new HashMap<>();

    private final Set<String> replacedServices = new HashSet<>();
    private final Set<String> replacedContainers = new HashSet<>();
    /** Names of containers that go on as they are and begin anew, and with them their namespaces. */
    private final Set<String> restartedContainers = new HashSet<>();

    ServiceSteps(Desired desired, Observed observed, Facts facts, PlanBuilder plan, RemovalSteps removals) {
        this.desired = desired;
        this.observed = observed;
        this.facts = facts;
        this.plan = plan;
        this.removals = removals;
        this.sensitive = new Sensitive(facts.secrets());
        for (var container : observed.containers()) {
            var spec = container.record().spec();
            if (spec.owner().stack().equals(desired.stack())) {
                mine.computeIfAbsent(new Place(spec.service(), spec.slot()), _ -> new ArrayList<>())
                        .add(container);
            } else {
                others.putIfAbsent(container.name(), container);
            }
        }
    }

    /** @param known takes the ids of the containers that belong to the service */
    void plan(DesiredService service, Set<String> known) {
        if (isUntouched(service.name())) {
            return;
        }
        var roll = new Roll(service, plan);
        for (var slot : service.slots()) {
            var candidates =
                    mine.getOrDefault(new Place(service.name(), slot.spec().slot()), List.of());
            candidates.forEach(c -> known.add(c.id()));
            nameIsFree(slot.spec());
            waysIn(slot.spec());
            new AddressProblems(desired, observed, plan).add(slot.spec());
            slot(service, slot, candidates, roll);
            portsAreFree(slot.spec());
        }
        roll.order();
        removals.scaledDown(service, known, roll);
    }

    private boolean isUntouched(String service) {
        return facts.wishes().untouched().contains(service);
    }

    private void nameIsFree(ContainerSpec spec) {
        Optional.ofNullable(others.get(spec.name()))
                .ifPresent(c -> plan.problem(
                        "services." + spec.service(),
                        "the container name " + spec.name() + " is taken by a container of "
                                + (c.record().spec().owner().stack().isEmpty()
                                        ? "no stack"
                                        : "stack " + c.record().spec().owner().stack())));
        // No reason not to make it: it is people who take the one for the other.
        Optional.ofNullable(facts.otherEngines().get(spec.name()))
                .ifPresent(other -> plan.warn("container name " + spec.name() + " is also that of a container of "
                        + other + ", which is left alone: both exist side by side, and each engine knows its own"));
    }

    private void waysIn(ContainerSpec spec) {
        if (!spec.ports().isEmpty() && hasNoWayIn(spec)) {
            plan.problem(
                    "services." + spec.service() + ".ports",
                    "nothing can be published: none of the networks "
                            + String.join(
                                    ", ",
                                    spec.networks().stream()
                                            .map(AttachmentSpec::network)
                                            .toList())
                            + " is a bridge that leads out. Leave the ports out, or add a network that is one");
        } else if (!spec.ports().isEmpty()) {
            answers(spec);
        }
    }

    /** Where what it answers leaves by another network than the questions came by, nobody takes it for an answer. */
    private void answers(ContainerSpec spec) {
        var out = spec.networks().stream()
                .filter(attachment ->
                        network(attachment).filter(n -> !n.internal()).isPresent())
                .sorted(AttachmentSpec.BY_WAY_OUT)
                .toList();
        var in = out.stream()
                .filter(attachment ->
                        network(attachment).filter(NetworkSpec::mayPublish).isPresent())
                .findFirst();
        var first =
                out.stream().flatMap(attachment -> network(attachment).stream()).findFirst();
        first.filter(n -> !n.isBridge() && in.isPresent())
                .ifPresent(n -> plan.warn("ports of " + spec.name() + " are published by network "
                        + in.get().network() + ", but its answers to other machines leave by network " + n.name()
                        + " (" + n.driver() + ") and are lost; give " + in.get().network()
                        + " the higher gw_priority"));
    }

    private Optional<NetworkSpec> network(AttachmentSpec attachment) {
        return desired.network(attachment.network())
                .or(() -> observed.network(attachment.network())
                        .map(n -> n.record().spec()));
    }

    /** Of one that has done its work, and is left so, nobody wants the ports: others may have them. */
    private void portsAreFree(ContainerSpec spec) {
        for (var port : spec.ports()) {
            var obstacle = facts.portObstacles().get(port);
            if (obstacle != null && isChanged(spec)) {
                plan.problem(
                        "services." + spec.service() + ".ports",
                        "port " + port.address() + ":" + port.onHost() + "/"
                                + port.protocol().lowerCase() + " " + obstacle);
            }
        }
    }

    private boolean isChanged(ContainerSpec spec) {
        return plan.steps().stream()
                .flatMap(step -> Operation.wanted(step.operation()).stream())
                .anyMatch(wanted -> wanted.service().equals(spec.service()) && wanted.slot() == spec.slot());
    }

    /** Of the stack's own networks translation knew; what others made is seen here. */
    private boolean hasNoWayIn(ContainerSpec spec) {
        return !spec.networks().isEmpty()
                && spec.networks().stream()
                        .allMatch(attachment ->
                                network(attachment).filter(n -> !n.mayPublish()).isPresent());
    }

    private void slot(DesiredService service, DesiredContainer wanted, List<ObservedContainer> candidates, Roll roll) {
        var nearest = candidates.stream()
                .filter(c -> c.record().phase() == ContainerRecord.Phase.CREATED)
                .min(Comparator.comparing((ObservedContainer c) ->
                                !diff(c, wanted).replace().isEmpty())
                        .thenComparing(c -> !c.isRunning())
                        .thenComparing(c -> c.record().createdAt(), Comparator.reverseOrder()));
        // A replacement that was interrupted before the new one serves begins anew: the old one serves until then. One
        // that stood by is not new.
        var best = nearest.filter(c -> !hasTakenOver(c) && !KeptName.has(c.record()))
                .flatMap(c -> serving(candidates, c, wanted))
                .or(() -> nearest);
        var left = new TreeSet<String>();
        candidates.stream()
                .filter(c -> best.isEmpty() || !c.id().equals(best.get().id()))
                .forEach(c -> left.add(plan.add(
                        new Operation.RemoveContainer(
                                c.id(), c.name() + " (" + c.record().shortId() + ")", Optional.empty(), false),
                        List.of(Cause.drift("", whyLeft(c, best), "")),
                        plan.networks(c.record().spec()))));
        var before = new TreeSet<>(left);
        best.ifPresent(c -> before.addAll(plan.networks(c.record().spec())));
        step(service, wanted, best, before).ifPresent(step -> roll.add(step, left, candidates));
    }

    /** Why there is another one than that which has the slot. */
    private static String whyLeft(ObservedContainer left, Optional<ObservedContainer> best) {
        if (KeptName.has(left.record())) {
            return "stood by while another one was tried";
        }
        return best.filter(b -> KeptName.has(b.record())).isPresent()
                ? "was tried; the one before it comes back"
                : "left by an interrupted change";
    }

    /** One that runs beside that one and was to be replaced by it. */
    private Optional<ObservedContainer> serving(
            List<ObservedContainer> candidates, ObservedContainer successor, DesiredContainer wanted) {
        return candidates.stream()
                .filter(c -> c.record().phase() == ContainerRecord.Phase.CREATED && c.isRunning())
                .filter(c -> !c.id().equals(successor.id())
                        && !diff(c, wanted).replace().isEmpty())
                .findFirst();
    }

    /** Whether it runs and has the ports, which a successor is given last. */
    private boolean hasTakenOver(ObservedContainer container) {
        return container.isRunning()
                && observed.networks()
                        .container(container.id())
                        .filter(attachment -> !attachment.ports().isEmpty())
                        .isPresent();
    }

    /** The step that its container is made, started or changed by; empty when it goes on running. */
    private Optional<String> step(
            DesiredService service, DesiredContainer wanted, Optional<ObservedContainer> best, Set<String> before) {
        if (best.isEmpty()) {
            var create = new Operation.CreateContainer(wanted.spec(), starts(wanted));
            return Optional.of(start(service, create, wanted, List.of(), before));
        }
        var container = best.get();
        if (JobLabel.isJob(wanted.spec().labels()) && container.isRunning() && !isDue(service)) {
            return Optional.empty(); // what changed holds from its next run on
        }
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
                    container.id(),
                    wanted.spec(),
                    starts(wanted),
                    wishes.renewVolumes(),
                    service.update().startFirst() && container.isRunning() && starts(wanted) && !wishes.renewVolumes());
            return Optional.of(start(service, replace, wanted, causes, before));
        }
        return kept(service, wanted, container, diff.inPlace(), before);
    }

    private Optional<String> kept(
            DesiredService service,
            DesiredContainer wanted,
            ObservedContainer container,
            List<Cause> inPlace,
            Set<String> before) {
        var wishes = facts.wishes();
        var spec = kept(container, wanted);
        var causes = new ArrayList<>(inPlace);
        if (KeptName.has(container.record())) {
            causes.add(Cause.drift("name", container.name(), spec.name()));
        }
        var starts = starts(wanted);
        var notRunning = starts ? new StartCause(facts, plan).of(container, spec.restart()) : Optional.<Cause>empty();
        if (notRunning.isPresent()) {
            causes.add(notRunning.get());
            return Optional.of(
                    start(service, new Operation.StartContainer(container.id(), spec), wanted, causes, before));
        }
        var anew = starts ? new ArrayList<>(begunAnew(container)) : new ArrayList<Cause>();
        if (container.isRunning()) {
            restartedDependency(service).ifPresent(anew::add);
            anew.addAll(sharedWithRestarted(spec));
        }
        if (!anew.isEmpty()) {
            // What changes in place does so on the way.
            var all = wishes.keep() ? new ArrayList<Cause>() : causes;
            all.addAll(anew);
            restartedContainers.add(container.name());
            restartedContainers.add(wanted.spec().name());
            return Optional.of(
                    start(service, new Operation.RestartContainer(container.id(), spec), wanted, all, before));
        }
        if (!causes.isEmpty() && !wishes.keep()) {
            memory(container, spec);
            var after = new TreeSet<>(plan.networks(spec));
            after.addAll(before);
            var update = new Operation.UpdateContainer(container.id(), spec, container.isRunning());
            stepsOf(service).add(plan.add(update, causes, after));
        }
        return Optional.empty();
    }

    /** What the kernel makes of a limit below what is used: memory.max (cgroup v2), memory.limit_in_bytes (v1). */
    private void memory(ObservedContainer container, ContainerSpec spec) {
        var used = Optional.ofNullable(facts.memoryUse().get(container.id()));
        spec.resources()
                .memory()
                .ifPresent(limit -> used.filter(bytes -> bytes > limit)
                        .ifPresent(bytes -> plan.warn("container " + container.name() + " uses " + Sizes.show(bytes)
                                + " of memory now, and mem_limit becomes " + Sizes.show(limit)
                                + ": on a host with cgroup v2 the kernel may end processes in it; with v1 the old limit stays"
                                + " until it uses less")));
    }

    /** Why it begins anew although nothing of it changes. */
    private Optional<Cause> restartedDependency(DesiredService service) {
        return service.dependsOn().entrySet().stream()
                .filter(dependency -> dependency.getValue().restart() && replacedServices.contains(dependency.getKey()))
                .map(Map.Entry::getKey)
                .findFirst()
                .map(name -> new Cause(
                        Cause.Kind.DEPENDENCY,
                        "depends_on." + name + ".restart",
                        "",
                        name + " is replaced",
                        Optional.of(new Places(desired.sources())
                                .of("services." + service.name() + ".depends_on." + name))));
    }

    /** A job is made like any other container, and started when its time has come. */
    private boolean starts(DesiredContainer wanted) {
        var spec = wanted.spec();
        return facts.wishes().start()
                && (!JobLabel.isJob(spec.labels()) || facts.wishes().recreate().contains(spec.service()));
    }

    private boolean isDue(DesiredService service) {
        return facts.wishes().recreate().contains(service.name());
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
        // A person may have given it another name; the place that it fills is the same. One that stood by has its own
        // back.
        return KeptName.has(container.record()) ? spec : spec.withName(container.name());
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

    /** It is in namespaces of a container that begins anew. */
    private List<Cause> sharedWithRestarted(ContainerSpec spec) {
        return spec.options().isolation().namespaces().joined().stream()
                .distinct()
                .filter(restartedContainers::contains)
                .map(name -> new Cause(
                        Cause.Kind.DEPENDENCY,
                        "",
                        "",
                        "in a namespace of container " + name + ", which begins anew",
                        Optional.empty()))
                .toList();
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
    private String start(
            DesiredService service,
            Operation operation,
            DesiredContainer wanted,
            List<Cause> causes,
            Set<String> before) {
        // What is left of an interrupted change still has the name, or the ports.
        var after = new TreeSet<>(before);
        after.addAll(plan.networks(wanted.spec()));
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
        if (operation instanceof Operation.CreateContainer || operation instanceof Operation.ReplaceContainer) {
            bring(wanted.spec().image(), wanted.image());
            wanted.mounted().forEach(this::bring);
        }
        var limits = new LinkedHashMap<String, Duration>();
        for (var other : desired.services()) {
            var gate = Optional.ofNullable(gates.get(other.name()));
            gate.flatMap(dependency -> Patience.of(other, dependency.condition()))
                    .ifPresent(limit -> limits.put(other.name(), limit));
        }
        var id = plan.put(operation, causes, after, gates, limits);
        stepsOf(service).add(id);
        return id;
    }

    private void bring(ImageReference reference, Resolution image) {
        switch (image) {
            case Resolution.Local _ -> {
                // It is here.
            }
            case Resolution.Remote _, Resolution.Unknown _ ->
                plan.add(new Operation.PullImage(reference, image.known()), List.of(), Set.of());
            case Resolution.Unbuilt(var why, var _) ->
                plan.add(new Operation.BuildImage(reference, why), List.of(), Set.of());
        }
    }

    private Set<String> stepsOf(DesiredService service) {
        return serviceSteps.computeIfAbsent(service.name(), _ -> new TreeSet<>());
    }
}
