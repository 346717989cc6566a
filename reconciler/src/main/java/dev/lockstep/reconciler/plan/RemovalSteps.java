package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.LeaseKey;
import dev.lockstep.runtime.volume.VolumeRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What to take down: what the files do not name any more. */
record RemovalSteps(Desired desired, Observed observed, Facts facts, PlanBuilder plan) {
    /** Containers of a service that has fewer replicas now. */
    void scaledDown(DesiredService service, Set<String> known, Roll roll) {
        observed.containersOf(desired.stack()).stream()
                .filter(c -> c.record().spec().service().equals(service.name()))
                .filter(c -> !known.contains(c.id()))
                .sorted(Comparator.comparingInt(
                                (ObservedContainer c) -> c.record().spec().slot())
                        .reversed())
                .forEach(c -> {
                    known.add(c.id());
                    var id = plan.add(
                            new Operation.RemoveContainer(c.id(), c.name(), Optional.of(slotOf(c)), false),
                            List.of(new Cause(
                                    Cause.Kind.SPEC,
                                    "deploy.replicas",
                                    "",
                                    String.valueOf(service.slots().size()),
                                    Optional.of(new Places(desired.sources())
                                            .of(
                                                    "services." + service.name() + ".deploy.replicas",
                                                    "services." + service.name() + ".scale")))),
                            plan.networks(c.record().spec()));
                    roll.end().filter(_ -> c.isRunning()).ifPresent(turn -> plan.turn(id, turn));
                });
    }

    /** Containers, networks and volumes of the stack that the files do not name. */
    void leftovers(Set<String> known) {
        var orphans = observed.containersOf(desired.stack()).stream()
                .filter(c -> !known.contains(c.id()))
                .filter(c -> desired.isNothing() || !isAPersons(c))
                .toList();
        if (facts.prune()) {
            var removed = containers(orphans);
            networks(removed, _ -> true);
            if (facts.removeVolumes()) {
                var others = observed.containers().stream()
                        .filter(c -> !known.contains(c.id()) && !orphans.contains(c))
                        .toList();
                volumes(removed, others, _ -> true);
            }
        } else if (!orphans.isEmpty()) {
            plan.warn("containers of services that the files do not name: "
                    + orphans.stream().map(ObservedContainer::name).collect(Collectors.joining(", "))
                    + "; --remove-orphans removes them");
        }
    }

    /** Of the stack that part alone: its containers, and what they are the last to have. */
    void part(StackPart part) {
        var going = part.containers(observed.containersOf(desired.stack()));
        var removed = containers(going);
        networks(removed, name -> going.stream().anyMatch(c -> isOn(c.record().spec(), name)));
        if (facts.removeVolumes()) {
            var others = observed.containers().stream()
                    .filter(c -> !going.contains(c))
                    .toList();
            volumes(
                    removed,
                    others,
                    volume -> going.stream().anyMatch(c -> c.record().uses(volume)));
        }
    }

    /** One that {@code run} made: a person's own while it does not have ended, and never an agent's business. */
    private boolean isAPersons(ObservedContainer container) {
        return ComposeLabels.isOneOff(container.record().spec().labels())
                && (facts.followed() || !(container.state() instanceof ContainerState.Exited));
    }

    private Set<String> containers(List<ObservedContainer> orphans) {
        var removed = new TreeSet<String>();
        var made = plan.steps().stream()
                .map(Step::operation)
                .flatMap(operation -> Operation.made(operation).stream())
                .map(ContainerSpec::name)
                .collect(Collectors.toSet());
        for (var orphan : reverseOrder(orphans)) {
            var operation = new Operation.RemoveContainer(
                    orphan.id(), nameOf(orphan, made), Optional.of(slotOf(orphan)), facts.removeVolumes());
            var cause = noLonger("service " + orphan.record().spec().service());
            var after = dependants(orphan, orphans).stream()
                    .map(c -> "container/" + nameOf(c, made))
                    .collect(Collectors.toCollection(TreeSet::new));
            after.addAll(plan.networks(orphan.record().spec()));
            removed.add(plan.add(operation, List.of(cause), after));
        }
        return removed;
    }

    /** @param meant of which networks, by name, anything is to be decided */
    private void networks(Set<String> removed, Predicate<String> meant) {
        var ownership = facts.ownership(desired);
        var wanted = desired.networks().stream().map(n -> n.spec().name()).toList();
        for (var network : observed.networks().networks()) {
            var name = network.record().name();
            if (!ownership.isOwn(network.record().spec().owner()) || wanted.contains(name) || !meant.test(name)) {
                continue;
            }
            var users = observed.containers().stream()
                    .filter(c -> isOn(c.record().spec(), name) && !leaves(c, name))
                    .map(ObservedContainer::name)
                    .toList();
            if (users.isEmpty()) {
                plan.add(new Operation.RemoveNetwork(name), List.of(noLonger("network")), afterContainers(removed));
            } else {
                // As with Compose: what others are on is theirs too, and no failure.
                plan.warn("network " + name + " stays, since it is in use by " + String.join(", ", users)
                        + "; take that off first, then 'lockstep network rm " + name + "'");
            }
        }
    }

    private static boolean isOn(ContainerSpec container, String network) {
        return container.networks().stream()
                .anyMatch(attachment -> attachment.network().equals(network));
    }

    /** Whether a step takes the container off the network, or takes the container away. */
    private boolean leaves(ObservedContainer container, String network) {
        return plan.steps().stream().map(Step::operation).anyMatch(operation -> switch (operation) {
            case Operation.RemoveContainer remove -> remove.id().equals(container.id());
            case Operation.ReplaceContainer replace ->
                replace.id().equals(container.id()) && !isOn(replace.spec(), network);
            case Operation.UpdateContainer update ->
                update.id().equals(container.id()) && !isOn(update.spec(), network);
            case Operation.StartContainer start -> start.id().equals(container.id()) && !isOn(start.spec(), network);
            case Operation.RestartContainer restart ->
                restart.id().equals(container.id()) && !isOn(restart.spec(), network);
            case Operation.OnImage _,
                    Operation.OnNetwork _,
                    Operation.OnVolume _,
                    Operation.CreateContainer _,
                    Operation.StopContainer _ -> false;
        });
    }

    /**
     * @param others containers that stay as they are: a volume that one of them has stays too
     * @param meant of which volumes anything is to be decided
     */
    private void volumes(Set<String> removed, List<ObservedContainer> others, Predicate<VolumeRecord> meant) {
        var wanted = desired.volumes().stream().map(v -> v.spec().name()).toList();
        for (var volume : observed.volumes()) {
            var name = volume.spec().name();
            if (!volume.spec().owner().stack().equals(desired.stack())
                    || wanted.contains(name)
                    || !meant.test(volume)) {
                continue;
            }
            var users = others.stream()
                    .filter(c -> c.record().uses(volume))
                    .map(ObservedContainer::name)
                    .toList();
            if (users.isEmpty()) {
                plan.add(new Operation.RemoveVolume(name), List.of(noLonger("volume")), afterContainers(removed));
            } else {
                plan.warn("volume " + name + " stays, since it is in use by " + String.join(", ", users)
                        + "; remove that first, then 'lockstep volume rm " + name + "'");
            }
        }
    }

    /** After those, and after containers that move away from what goes. */
    private Set<String> afterContainers(Set<String> removed) {
        var after = new TreeSet<>(removed);
        plan.steps().stream()
                .map(Step::id)
                .filter(id -> id.startsWith("container/"))
                .forEach(after::add);
        return after;
    }

    /** What depends on the container: a server goes after its clients. */
    private static List<ObservedContainer> dependants(ObservedContainer container, List<ObservedContainer> all) {
        var service = container.record().spec().service();
        return all.stream()
                .filter(c ->
                        ComposeLabels.dependencies(c.record().spec().labels()).contains(service))
                .filter(c -> !c.record().spec().service().equals(service))
                .toList();
    }

    /** With its id where another container is to have its name. */
    private static String nameOf(ObservedContainer container, Set<String> made) {
        return made.contains(container.name())
                ? container.name() + " (" + container.record().shortId() + ")"
                : container.name();
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
        return container.record().leaseKey();
    }

    private static Cause noLonger(String what) {
        return new Cause(Cause.Kind.SPEC, "", what + " is not wanted any more", "", Optional.empty());
    }
}
