package dev.lockstep.spec.settings;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.Consumer;

/** Stacks in the order in which they are changed. */
public final class StackOrder {
    private StackOrder() {}

    /**
     * The names so that each stands behind those it comes after; otherwise as they were given.
     *
     * @param names any number of stacks
     * @param after for each stack those that come before it; may name others, which are left out, and must not go in a
     *     circle
     */
    public static List<String> sorted(List<String> names, Map<String, List<String>> after) {
        var order = new LinkedHashSet<String>();
        var seen = new HashSet<String>();
        for (var name : names) {
            walk(name, after, seen, order::add);
        }
        order.retainAll(Set.copyOf(names));
        return List.copyOf(order);
    }

    /** A way that leads from a stack back to it, with that stack at both ends; empty when there is none. */
    public static Optional<List<String>> cycle(Map<String, List<String>> after) {
        var seen = new HashSet<String>();
        for (var name : after.keySet()) {
            var cycle = walk(name, after, seen, _ -> {});
            if (cycle.isPresent()) {
                return cycle;
            }
        }
        return Optional.empty();
    }

    private record Step(String name, Iterator<String> before) {}

    /** Goes down from one stack without recursion; {@code left} hears of each when all before it have been seen. */
    private static Optional<List<String>> walk(
            String start, Map<String, List<String>> after, Set<String> seen, Consumer<String> left) {
        if (!seen.add(start)) {
            return Optional.empty();
        }
        Deque<Step> steps = new ArrayDeque<>();
        SequencedSet<String> path = new LinkedHashSet<>();
        steps.addLast(step(start, after));
        path.add(start);
        while (!steps.isEmpty()) {
            var step = steps.getLast();
            if (!step.before.hasNext()) {
                left.accept(step.name);
                path.remove(step.name);
                steps.removeLast();
                continue;
            }
            var next = step.before.next();
            if (path.contains(next)) {
                var cycle = new ArrayList<>(path);
                cycle.subList(0, cycle.indexOf(next)).clear();
                cycle.add(next);
                return Optional.of(List.copyOf(cycle));
            }
            if (seen.add(next)) {
                steps.addLast(step(next, after));
                path.add(next);
            }
        }
        return Optional.empty();
    }

    private static Step step(String name, Map<String, List<String>> after) {
        return new Step(name, after.getOrDefault(name, List.of()).iterator());
    }
}
