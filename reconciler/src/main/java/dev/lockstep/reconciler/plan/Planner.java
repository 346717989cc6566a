package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.SensitiveLabel;
import dev.lockstep.reconciler.observe.Observed;
import java.util.HashSet;
import java.util.Optional;

/**
 * Compares what a stack should be with what is, and says what to do. Everything is decided here, from immutable values;
 * whoever applies the plan only does what it says.
 */
public final class Planner {
    private Planner() {}

    /** The plan; empty when the host is as it should be. */
    public static Plan plan(Desired unmarked, Observed observed, Facts facts) {
        return plan(unmarked, observed, facts, Optional.empty());
    }

    /**
     * The plan that takes a part of a stack down; networks, and volumes where they are asked for, go with the last
     * container that has them.
     *
     * @param nothing what {@code down} wants
     */
    public static Plan down(Desired nothing, Observed observed, Facts facts, StackPart part) {
        return plan(nothing, observed, facts, Optional.of(part));
    }

    private static Plan plan(Desired unmarked, Observed observed, Facts facts, Optional<StackPart> part) {
        var sensitive = new Sensitive(facts.secrets());
        var desired = sensitive.mayHaveBeen() ? SensitiveLabel.mark(unmarked, sensitive::covers) : unmarked;
        var plan = new PlanBuilder(desired);
        var claimedBy = foreignOwner(desired, observed, facts);
        if (claimedBy.isPresent()) {
            plan.problem("stack " + desired.stack() + " on this host belongs to " + claimedBy.get()
                    + ". If that is what its repository was called before, write formerly: [" + claimedBy.get()
                    + "] beside its url in this host's agent.yaml; else take the stack down there first, or give this"
                    + " one another name");
            return plan.build(observed);
        }
        desired.networks().forEach(new NetworkSteps(desired, observed, facts, plan)::plan);
        desired.volumes().forEach(new VolumeSteps(desired, observed, facts, plan)::plan);
        var removals = new RemovalSteps(desired, observed, facts, plan);
        var services = new ServiceSteps(desired, observed, facts, plan, removals);
        var known = new HashSet<String>();
        desired.services().forEach(service -> services.plan(service, known));
        observed.containersOf(desired.stack()).stream()
                .filter(c ->
                        facts.wishes().untouched().contains(c.record().spec().service()))
                .forEach(c -> known.add(c.id()));
        if (part.isPresent()) {
            removals.part(part.get());
        } else {
            removals.leftovers(known);
        }
        new SingleWriters(desired, observed, plan).order();
        new HandOvers(desired, observed, plan).order();
        if (plan.steps().stream().map(Step::operation).anyMatch(Operation::startsContainer)) {
            facts.missing().forEach(plan::problem);
        }
        plan.imagesComeFirst();
        return plan.build(observed);
    }

    /** The repository that a stack of this name came from, when this one comes from another. */
    private static Optional<String> foreignOwner(Desired desired, Observed observed, Facts facts) {
        var ownership = facts.ownership(desired);
        return observed.containersOf(desired.stack()).stream()
                .flatMap(c -> ownership.stranger(c.record().spec().owner()).stream())
                .findFirst();
    }
}
