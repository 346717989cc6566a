package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.plan.Cause;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.spec.model.Dependency;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Steps that change existing containers as they are, in the order of their services. The order is that of the
 * containers' labels: it is known also where the files are not, and it is the one they were made with.
 */
final class ByHand {
    private static final List<Cause> ASKED = List.of(Cause.drift("", "asked for by hand", ""));

    private ByHand() {}

    /** What others depend on comes first, and they wait for it as their files say. */
    static List<Step> forwards(List<ObservedContainer> containers, Function<ObservedContainer, Operation> what) {
        var names = byService(containers);
        return steps(
                containers,
                what,
                c -> dependencies(c).stream()
                        .flatMap(service -> names.getOrDefault(service, List.of()).stream())
                        .collect(Collectors.toSet()),
                true);
    }

    /** What depends on others comes first. */
    static List<Step> backwards(List<ObservedContainer> containers, Function<ObservedContainer, Operation> what) {
        return steps(
                containers,
                what,
                c -> containers.stream()
                        .filter(other -> dependencies(other).contains(Stack.service(c)))
                        .filter(other -> !Stack.service(other).equals(Stack.service(c)))
                        .map(ByHand::id)
                        .collect(Collectors.toSet()),
                false);
    }

    private static List<Step> steps(
            List<ObservedContainer> containers,
            Function<ObservedContainer, Operation> what,
            Function<ObservedContainer, Set<String>> after,
            boolean gated) {
        var steps = new LinkedHashMap<String, Step>();
        for (var container : containers) {
            var before = new TreeSet<>(after.apply(container));
            before.remove(id(container));
            Map<String, Dependency> gates =
                    gated ? ComposeLabels.gates(container.record().spec().labels()) : Map.of();
            steps.put(id(container), new Step(id(container), what.apply(container), ASKED, before, gates));
        }
        var ordered = new LinkedHashMap<String, Step>();
        steps.keySet().forEach(id -> place(id, steps, ordered, new TreeSet<>()));
        return List.copyOf(ordered.values());
    }

    /** Depth first; records that depend on each other in a circle, which no file may, come in any order. */
    private static void place(String id, Map<String, Step> steps, Map<String, Step> ordered, Set<String> above) {
        var step = steps.get(id);
        if (step == null || ordered.containsKey(id) || !above.add(id)) {
            return;
        }
        step.after().forEach(earlier -> place(earlier, steps, ordered, above));
        ordered.put(id, step);
    }

    private static Map<String, List<String>> byService(List<ObservedContainer> containers) {
        var names = new HashMap<String, List<String>>();
        containers.forEach(c ->
                names.computeIfAbsent(Stack.service(c), _ -> new ArrayList<>()).add(id(c)));
        return names;
    }

    private static List<String> dependencies(ObservedContainer container) {
        return ComposeLabels.dependencies(container.record().spec().labels());
    }

    private static String id(ObservedContainer container) {
        return "container/" + container.name();
    }
}
