package dev.lockstep.reconciler.plan;

import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A plan of which some steps are left out: the others do not wait for them. */
public final class PartialPlan {
    private PartialPlan() {}

    /** The plan without the steps that fit; images that only those wanted are not pulled. */
    public static Plan without(Plan plan, Predicate<Step> left) {
        var out = plan.steps().stream().filter(left).map(Step::id).collect(Collectors.toCollection(TreeSet::new));
        if (out.isEmpty()) {
            return plan;
        }
        var brings = plan.steps().stream()
                .filter(step -> !out.contains(step.id()))
                .anyMatch(step -> step.operation() instanceof Operation.CreateContainer
                        || step.operation() instanceof Operation.ReplaceContainer);
        if (!brings) {
            plan.steps().stream()
                    .filter(step -> step.operation() instanceof Operation.OnImage)
                    .forEach(step -> out.add(step.id()));
        }
        return new Plan(
                plan.host(),
                plan.stack(),
                plan.revision(),
                plan.steps().stream()
                        .filter(step -> !out.contains(step.id()))
                        .map(step -> without(step, out))
                        .toList(),
                plan.warnings(),
                plan.problems(),
                plan.waits(),
                plan.refusals(),
                Effects.NONE);
    }

    private static Step without(Step step, Set<String> out) {
        var after = new TreeSet<>(step.after());
        after.removeAll(out);
        return step.withAfter(after);
    }
}
