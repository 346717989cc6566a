package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.spec.settings.Guard;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds what an agent must not do without a person's word. Objects of others count for nothing here: a host full of
 * containers that nobody follows makes no removal look small.
 *
 * @param plan that an agent made
 * @param observed the host that it was made for
 * @param rewritten what the plan's revision does not follow: the one that runs, as people know it; empty when it does
 */
public record Guards(Plan plan, Observed observed, Optional<String> rewritten) {
    private static final int MANY = 3;

    /** What holds the plan, and a sentence for it. */
    public record Finding(Guard guard, String sentence) {}

    /** Everything that holds the plan; empty for one that may be carried out. */
    public List<Finding> find() {
        var all = observed.containersOf(plan.stack()).stream()
                .filter(Guards::isManaged)
                .toList();
        var removed = removed(all);
        var findings = new ArrayList<Finding>();
        if (!removed.isEmpty()) {
            lastService(all, removed).ifPresent(findings::add);
            mostOfHost(removed).ifPresent(findings::add);
        }
        data(all, removed).ifPresent(findings::add);
        if (removesAnything()) {
            rewritten
                    .map(from -> new Finding(
                            Guard.REWRITTEN,
                            "it removes something, and its commit does not follow " + from
                                    + ", which runs: the branch was moved or rewritten"))
                    .ifPresent(findings::add);
        }
        return List.copyOf(findings);
    }

    /**
     * Finds out whether several stacks that go at once are most of the host, where none of them is by itself.
     *
     * @param going stacks that a commit takes away together
     */
    public static Optional<Finding> together(Observed observed, Set<String> going) {
        var managed = observed.containers().stream().filter(Guards::isManaged).toList();
        var gone = managed.stream()
                .filter(container ->
                        going.contains(container.record().spec().owner().stack()))
                .count();
        return going.size() < 2 || gone < MANY || gone * 2 <= managed.size()
                ? Optional.empty()
                : Optional.of(new Finding(
                        Guard.MOST_OF_HOST,
                        "the stacks that go together, "
                                + going.stream().sorted().collect(Collectors.joining(", ")) + ", have " + gone
                                + " of the " + managed.size() + " containers of this host"));
    }

    private static boolean isManaged(ObservedContainer container) {
        var spec = container.record().spec();
        return !spec.owner().stack().isEmpty() && !ComposeLabels.isOneOff(spec.labels());
    }

    /** Those whose place is given up; what an interrupted change left beside another is not among them. */
    private List<ObservedContainer> removed(List<ObservedContainer> all) {
        var ids = plan.steps().stream()
                .map(Step::operation)
                .filter(o ->
                        o instanceof Operation.RemoveContainer r && r.slot().isPresent())
                .map(o -> ((Operation.RemoveContainer) o).id())
                .collect(Collectors.toSet());
        return all.stream().filter(c -> ids.contains(c.id())).toList();
    }

    private boolean removesAnything() {
        return plan.steps().stream()
                .map(Step::operation)
                .anyMatch(o ->
                        o instanceof Operation.RemoveContainer r && r.slot().isPresent()
                                || o instanceof Operation.RemoveNetwork
                                || o instanceof Operation.RemoveVolume);
    }

    private Optional<Finding> lastService(List<ObservedContainer> all, List<ObservedContainer> removed) {
        var comes = plan.steps().stream().anyMatch(s -> s.operation() instanceof Operation.CreateContainer);
        return removed.size() < all.size() || comes
                ? Optional.empty()
                : Optional.of(new Finding(
                        Guard.LAST_SERVICE,
                        "it removes the last service of stack " + plan.stack() + ": " + names(removed)));
    }

    private Optional<Finding> mostOfHost(List<ObservedContainer> removed) {
        var host = observed.containers().stream().filter(Guards::isManaged).count();
        return removed.size() < MANY || removed.size() * 2L <= host
                ? Optional.empty()
                : Optional.of(new Finding(
                        Guard.MOST_OF_HOST,
                        "it removes " + removed.size() + " of the " + host + " containers of this host: "
                                + names(removed)));
    }

    /** Data is not lost with its container; but a new name of a volume gives a database that is empty. */
    private Optional<Finding> data(List<ObservedContainer> all, List<ObservedContainer> removed) {
        var used = new TreeSet<String>();
        after(all, removed).forEach(spec -> used.addAll(data(spec, true)));
        var left = new TreeMap<String, Set<String>>();
        for (var container : all) {
            var gone = removed.contains(container);
            for (var data : data(container.record().spec(), gone)) {
                if (!used.contains(data)) {
                    left.computeIfAbsent(container.name(), _ -> new TreeSet<>()).add(data);
                }
            }
            for (var target : ownVolumesLeft(container, removed, all)) {
                left.computeIfAbsent(container.name(), _ -> new TreeSet<>()).add("its own volume at " + target);
            }
        }
        return left.isEmpty()
                ? Optional.empty()
                : Optional.of(new Finding(
                        Guard.DATA,
                        left.entrySet().stream()
                                        .map(e -> e.getKey() + " has " + String.join(", ", e.getValue()))
                                        .collect(Collectors.joining("; "))
                                + ", and nothing would use that any more (it stays on the host)"));
    }

    /**
     * Where the container has volumes without a name that nobody would come upon again: its service goes, or something
     * else is mounted there. What goes with one of several replicas comes back with it.
     */
    private Set<String> ownVolumesLeft(
            ObservedContainer container, List<ObservedContainer> removed, List<ObservedContainer> all) {
        var own = container
                .record()
                .effective()
                .map(effective -> effective.anonymousVolumes().keySet())
                .orElse(Set.of());
        if (own.isEmpty()) {
            return own;
        }
        if (removed.contains(container)) {
            var service = container.record().spec().service();
            return after(all, removed).stream().anyMatch(spec -> spec.service().equals(service)) ? Set.of() : own;
        }
        return plan.steps().stream()
                .map(Step::operation)
                .flatMap(o -> o instanceof Operation.ReplaceContainer replace
                                && replace.id().equals(container.id())
                        ? replace.spec().mounts().stream()
                        : Stream.empty())
                .filter(mount -> !(mount instanceof MountSpec.Anonymous))
                .map(MountSpec::target)
                .filter(own::contains)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** What will be there: those that stay, as the plan changes them, and those that come. */
    private List<ContainerSpec> after(List<ObservedContainer> all, List<ObservedContainer> removed) {
        Map<String, ContainerSpec> specs = new TreeMap<>(all.stream()
                .filter(c -> !removed.contains(c))
                .collect(Collectors.toMap(
                        ObservedContainer::name, c -> c.record().spec(), (a, _) -> a)));
        plan.steps().stream().map(Step::operation).forEach(operation -> {
            if (operation instanceof Operation.ReplaceContainer replace) {
                all.stream().filter(c -> c.id().equals(replace.id())).forEach(c -> specs.remove(c.name()));
            }
            // Whatever else happens to a container, it mounts what it mounted.
            Operation.made(operation).ifPresent(spec -> specs.put(spec.name(), spec));
        });
        return List.copyOf(specs.values());
    }

    /**
     * What a container writes to and others may find again.
     *
     * @param binds directories of the host too; a service that stays may well lose one of them, as its file says
     */
    private static Set<String> data(ContainerSpec spec, boolean binds) {
        return spec.mounts().stream()
                .flatMap(mount -> switch (mount) {
                    case MountSpec.Volume v when !v.readOnly() -> Stream.of("volume " + v.name());
                    case MountSpec.Bind b when binds && !b.readOnly() -> Stream.of("directory " + b.source());
                    case MountSpec.Volume _,
                            MountSpec.Bind _,
                            MountSpec.Anonymous _,
                            MountSpec.Tmpfs _,
                            MountSpec.OfImage _,
                            MountSpec.Content _ -> Stream.<String>empty();
                })
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String names(List<ObservedContainer> containers) {
        return containers.stream().map(ObservedContainer::name).sorted().collect(Collectors.joining(", "));
    }
}
