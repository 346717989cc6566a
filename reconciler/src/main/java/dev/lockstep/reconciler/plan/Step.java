package dev.lockstep.reconciler.plan;

import dev.lockstep.spec.model.Dependency;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A node of the plan's graph.
 *
 * @param id unique in the plan and stable over plans of the same things: {@code container/shop-web-1}
 * @param operation what to do
 * @param causes why; never empty for what exists already
 * @param after ids of the steps that must have succeeded before
 * @param gates for a container: conditions on other services that must hold before it is started
 * @param limits how long services are waited for at most by whoever applies until all is well, as far as files tell
 * @param turn when it is one of several replicas that are changed one group after the other
 */
public record Step(
        String id,
        Operation operation,
        List<Cause> causes,
        Set<String> after,
        Map<String, Dependency> gates,
        Map<String, Duration> limits,
        Optional<Turn> turn) {
    /** One that has no turn to wait for. */
    public Step(String id, Operation operation, List<Cause> causes, Set<String> after, Map<String, Dependency> gates) {
        this(id, operation, causes, after, gates, Map.of(), Optional.empty());
    }

    public Step {
        causes = List.copyOf(causes);
        after = Collections.unmodifiableSortedSet(new TreeSet<>(after));
        gates = Collections.unmodifiableSortedMap(new TreeMap<>(gates));
        limits = Collections.unmodifiableSortedMap(new TreeMap<>(limits));
    }

    /** The same where it is known how long is waited. */
    Step within(Map<String, Duration> its) {
        return new Step(id, operation, causes, after, gates, its, turn);
    }

    /** The same behind other steps. */
    Step withAfter(Set<String> others) {
        return new Step(id, operation, causes, others, gates, limits, turn);
    }

    /** The same in its turn. */
    Step in(Turn its) {
        return new Step(id, operation, causes, after, gates, limits, Optional.of(its));
    }

    /** The same, explained better. */
    Step withCauses(List<Cause> better) {
        return new Step(id, operation, better, after, gates, limits, turn);
    }
}
