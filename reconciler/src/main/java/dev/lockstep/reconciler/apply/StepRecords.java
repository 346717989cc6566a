package dev.lockstep.reconciler.apply;

import dev.lockstep.reconciler.history.HistoryEntry;
import dev.lockstep.reconciler.plan.OperationWords;
import dev.lockstep.runtime.container.ObservedContainer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** What became of a plan, in the words of the history. */
public final class StepRecords {
    private StepRecords() {}

    /** One for each step, in their order. */
    public static List<HistoryEntry.Step> of(List<StepResult> results) {
        return of(results, UnaryOperator.identity());
    }

    /**
     * The same for a stack that has something to hide.
     *
     * @param shown what may be told of why something was not done
     */
    public static List<HistoryEntry.Step> of(List<StepResult> results, UnaryOperator<String> shown) {
        return results.stream().map(result -> of(result, shown)).toList();
    }

    private static HistoryEntry.Step of(StepResult result, UnaryOperator<String> shown) {
        var operation = result.step().operation();
        var what = OperationWords.of(operation).kind() + " " + operation.name();
        return switch (result) {
            case StepResult.Done(var _, var took) ->
                new HistoryEntry.Step(what, "done", Optional.of(took), Optional.empty());
            case StepResult.Failed(var _, var why) ->
                new HistoryEntry.Step(what, "failed", Optional.empty(), Optional.of(shown.apply(why)));
            case StepResult.Skipped(var _, var _, var why) ->
                new HistoryEntry.Step(what, "skipped", Optional.empty(), Optional.of(shown.apply(why)));
        };
    }

    /** What the images of a stack's containers stand for, by reference. */
    public static Map<String, String> images(String stack, List<ObservedContainer> containers) {
        var images = new TreeMap<String, String>();
        for (var container : containers) {
            var spec = container.record().spec();
            if (spec.owner().stack().equals(stack)) {
                images.put(spec.image().toString(), spec.digest().toString());
            }
        }
        return images;
    }
}
