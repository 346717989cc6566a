package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.spec.model.Dependency;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** A plan in the making: its steps in the order in which they were found, and what is to be said about them. */
final class PlanBuilder {
    private final Desired desired;
    private final Map<String, Step> steps = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();
    private final List<String> refusals = new ArrayList<>();

    PlanBuilder(Desired desired) {
        this.desired = desired;
    }

    /** @param observed the host that the plan is for */
    Plan build(Observed observed) {
        return new Plan(
                desired.owner().host(),
                desired.stack(),
                desired.revision(),
                List.copyOf(steps.values()),
                warnings,
                problems.stream().sorted().distinct().toList(),
                List.of(),
                refusals,
                Effects.of(List.copyOf(steps.values()), observed));
    }

    /** The steps so far. */
    List<Step> steps() {
        return List.copyOf(steps.values());
    }

    boolean has(String id) {
        return steps.containsKey(id);
    }

    /** Adds a step that waits for nobody's health; an object that has a step already keeps it. Returns its id. */
    String add(Operation operation, List<Cause> causes, Set<String> after) {
        var id = id(operation);
        steps.putIfAbsent(id, new Step(id, operation, causes, after, Map.of()));
        return id;
    }

    /**
     * Adds a step, in the place of the one that its object may have. Returns its id.
     *
     * @param gates what other services must have come to before it
     * @param limits how long they may take, as far as that is known
     */
    String put(
            Operation operation,
            List<Cause> causes,
            Set<String> after,
            Map<String, Dependency> gates,
            Map<String, Duration> limits) {
        var id = id(operation);
        steps.put(id, new Step(id, operation, causes, after, gates).within(limits));
        return id;
    }

    /**
     * Adds a step in which a container lets go of something before the step that it has anyway; who comes after it
     * waits for its id.
     *
     * @param then what the container is until then
     */
    void addBefore(Operation.UpdateContainer update, ContainerSpec then, List<Cause> causes) {
        var id = before(update.name());
        var after = networks(then);
        // Those go when all containers have left them.
        after.removeIf(
                network -> Objects.requireNonNull(steps.get(network)).operation() instanceof Operation.RemoveNetwork);
        steps.put(id, new Step(id, update, causes, after, Map.of()));
        order();
    }

    /** Id of the step that {@link #addBefore} adds for the container of that name. */
    static String before(String container) {
        return "container/" + container + "/before";
    }

    /** Steps that change networks which the container is on, or is to be on: not while it comes or goes. */
    Set<String> networks(ContainerSpec container) {
        return container.networks().stream()
                .map(attachment -> "network/" + attachment.network())
                .filter(steps::containsKey)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Makes a step wait for its turn; the order of steps follows. */
    void turn(String id, Turn turn) {
        steps.computeIfPresent(id, (_, step) -> {
            var after = new TreeSet<>(step.after());
            after.addAll(turn.before());
            return step.withAfter(after).in(turn);
        });
        order();
    }

    /** Whether the one step waits for the other, be it through others. */
    boolean comesAfter(String later, String earlier) {
        var seen = new HashSet<String>();
        var open = new ArrayDeque<>(List.of(later));
        while (!open.isEmpty()) {
            var step = steps.get(open.remove());
            if (step != null && step.after().contains(earlier)) {
                return true;
            }
            if (step != null && seen.add(step.id())) {
                open.addAll(step.after());
            }
        }
        return false;
    }

    /** Makes a step wait for another, which must not come after it; the order of steps follows. */
    void after(String later, String earlier) {
        steps.computeIfPresent(later, (id, step) -> {
            var after = new TreeSet<>(step.after());
            after.add(earlier);
            return step.withAfter(after);
        });
        order();
    }

    private void order() {
        var ordered = new LinkedHashMap<String, Step>();
        steps.keySet().forEach(id -> place(id, ordered));
        steps.clear();
        steps.putAll(ordered);
    }

    private void place(String id, Map<String, Step> ordered) {
        var step = steps.get(id);
        if (step != null && !ordered.containsKey(id)) {
            step.after().forEach(before -> place(before, ordered));
            ordered.put(id, step);
        }
    }

    void warn(String warning) {
        warnings.add(warning);
    }

    void refuse(String refusal) {
        refusals.add(refusal);
    }

    /** Something that a file must say otherwise. */
    void problem(String path, String message) {
        problems.add(new Problem(desired.sources().at(path), path, message));
    }

    /** Something that no line of a file is to blame for. */
    void problem(String message) {
        problems.add(new Problem(SourcePosition.DEFAULT, "", message));
    }

    /** A plan whose images cannot be had changes nothing: every other step waits for all of them. */
    void imagesComeFirst() {
        var pulls = steps.values().stream()
                .filter(s -> s.operation() instanceof Operation.OnImage)
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
                ordered.put(id, step.withAfter(after));
            }
        });
        steps.clear();
        steps.putAll(ordered);
    }

    /** Names the object that the operation is about; there is one step for each. */
    private static String id(Operation operation) {
        return switch (operation) {
            case Operation.PullImage pull -> "image/" + pull.image();
            case Operation.BuildImage build -> "image/" + build.image();
            case Operation.RepairNetwork _ -> "network/" + operation.name() + "/repair";
            case Operation.OnNetwork _ -> "network/" + operation.name();
            case Operation.OnVolume _ -> "volume/" + operation.name();
            case Operation.OnContainer _ -> "container/" + operation.name();
        };
    }
}
