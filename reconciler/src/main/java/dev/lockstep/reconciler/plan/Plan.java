package dev.lockstep.reconciler.plan;

import dev.lockstep.spec.yaml.Problem;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What has to be done for one stack on one host, as a graph. Equal inputs give equal plans, to the byte when printed.
 *
 * @param revision the commit, for people; absent for a plain directory
 * @param steps in an order that respects {@link Step#after()}
 * @param warnings sentences; they stop nothing
 * @param problems why the plan cannot be applied at all; then nothing is
 * @param waits those of the problems that are none: they go by themselves, with builds that are still to come
 * @param refusals why the plan is not applied unless a person insists
 * @param effects what it means for those who use the stack
 */
public record Plan(
        String host,
        String stack,
        Optional<String> revision,
        List<Step> steps,
        List<String> warnings,
        List<Problem> problems,
        List<Problem> waits,
        List<String> refusals,
        Effects effects) {
    /** One of which nobody has said what it means. */
    public Plan(
            String host,
            String stack,
            Optional<String> revision,
            List<Step> steps,
            List<String> warnings,
            List<Problem> problems,
            List<String> refusals) {
        this(host, stack, revision, steps, warnings, problems, List.of(), refusals, Effects.NONE);
    }

    public Plan {
        steps = List.copyOf(steps);
        warnings = List.copyOf(warnings);
        problems = List.copyOf(problems);
        waits = List.copyOf(waits);
        refusals = List.copyOf(refusals);
    }

    /** The same with more reasons not to apply it. */
    public Plan refusing(List<Problem> moreProblems, List<String> moreRefusals) {
        return new Plan(
                host,
                stack,
                revision,
                steps,
                warnings,
                all(problems, moreProblems),
                waits,
                Stream.concat(moreRefusals.stream(), refusals.stream()).toList(),
                effects);
    }

    /** The same that waits for builds. */
    public Plan waiting(List<Problem> moreWaits) {
        return new Plan(
                host,
                stack,
                revision,
                steps,
                warnings,
                all(problems, moreWaits),
                all(waits, moreWaits),
                refusals,
                effects);
    }

    private static List<Problem> all(List<Problem> some, List<Problem> more) {
        return Stream.concat(some.stream(), more.stream()).sorted().distinct().toList();
    }

    /** The same with its steps explained better. */
    Plan withSteps(List<Step> better) {
        return new Plan(host, stack, revision, better, warnings, problems, waits, refusals, effects);
    }

    /** Nothing to do. */
    public boolean isEmpty() {
        return steps.isEmpty();
    }

    /** How many operations there are of each sort. */
    public Summary summary() {
        var counts = new int[7];
        for (var step : steps) {
            var index = switch (step.operation()) {
                case Operation.PullImage _ -> 5;
                case Operation.BuildImage _ -> 6;
                case Operation.CreateNetwork _, Operation.CreateVolume _, Operation.CreateContainer _ -> 0;
                case Operation.UpdateNetwork _,
                        Operation.RepairNetwork _,
                        Operation.UpdateVolume _,
                        Operation.UpdateContainer _ -> 1;
                case Operation.ReplaceNetwork _, Operation.ReplaceContainer _ -> 2;
                case Operation.StartContainer _, Operation.RestartContainer _ -> 3;
                case Operation.StopContainer _ -> 1;
                case Operation.RemoveNetwork _, Operation.RemoveVolume _, Operation.RemoveContainer _ -> 4;
            };
            counts[index]++;
        }
        return new Summary(counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6]);
    }

    /** Numbers of operations; pulls and builds are not changes of their own. */
    public record Summary(int create, int update, int replace, int start, int remove, int pull, int build) {}
}
