package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.runtime.container.ObservedContainer;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The part of a stack that {@code down SERVICE...} takes. As with docker compose ({@code pkg/compose/down.go}) what
 * depends on a service stays without it by the files, unless a named one depends on that again; where no file tells,
 * what depends on a named service goes with it. Who depends on whom the containers' labels tell.
 *
 * @param named services
 * @param known services of the files; empty where these are not asked
 * @param orphans also containers that {@code run} made for those services, and those of services that the files do not
 *     name
 */
public record StackPart(Set<String> named, Set<String> known, boolean orphans) {
    public StackPart {
        named = Set.copyOf(named);
        known = Set.copyOf(known);
    }

    /** The services whose containers go: those named, and maybe what depends on them. */
    public Set<String> services(List<ObservedContainer> ofStack) {
        var needs = new TreeMap<String, Set<String>>();
        for (var container : ofStack) {
            needs.computeIfAbsent(service(container), _ -> new TreeSet<>())
                    .addAll(ComposeLabels.dependencies(container.record().spec().labels()));
        }
        var asked = new TreeSet<>(named);
        if (known.isEmpty()) {
            asked.addAll(needs.keySet());
        } else {
            for (var grown = true; grown; ) {
                grown = false;
                for (var service : List.copyOf(asked)) {
                    grown |= asked.addAll(needs.getOrDefault(service, Set.of()));
                }
            }
        }
        var going = new TreeSet<>(named);
        for (var grown = true; grown; ) {
            grown = false;
            for (var service : asked) {
                grown |= needs.getOrDefault(service, Set.of()).stream().anyMatch(going::contains) && going.add(service);
            }
        }
        return going;
    }

    /** Which of the stack's containers go. */
    public List<ObservedContainer> containers(List<ObservedContainer> ofStack) {
        var services = services(ofStack);
        return ofStack.stream()
                .filter(c -> services.contains(service(c))
                        ? orphans || !ComposeLabels.isOneOff(c.record().spec().labels())
                        : orphans && !known.isEmpty() && !known.contains(service(c)))
                .toList();
    }

    /** The service that a container was made for, be it by {@code run}. */
    private static String service(ObservedContainer container) {
        var spec = container.record().spec();
        return spec.service().isEmpty() ? ComposeLabels.service(spec.labels()) : spec.service();
    }
}
