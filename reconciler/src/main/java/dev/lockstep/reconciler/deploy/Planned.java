package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.history.HostDemand;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;

/** What planning a stack gave. */
public sealed interface Planned {
    /** What should be put right in the files some day. */
    List<Problem> warnings();

    /** Every file that the answer depends on, as the source's tree names it. */
    SortedSet<String> files();

    /**
     * A plan; it may still have problems of its own that only the host shows.
     *
     * @param written what the files say alone, without what policies order
     * @param project what it was made of
     * @param demands what that asks of this host; empty where nothing is held to anything
     */
    record Ready(
            Plan plan,
            Desired desired,
            Desired written,
            Observed observed,
            BeforeStart beforeStart,
            ImageFindings images,
            List<Problem> warnings,
            SortedSet<String> files,
            Project project,
            Optional<List<HostDemand>> demands)
            implements Planned {}

    /** The files are wrong; whatever the host is like, there is no plan. */
    record Invalid(String stack, List<Problem> errors, List<Problem> warnings, SortedSet<String> files)
            implements Planned {}
}
