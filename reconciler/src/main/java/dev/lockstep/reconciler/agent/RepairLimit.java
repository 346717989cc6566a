package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.plan.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Two who disagree about a host must not change it for ever. The same repair of the same object is made five times in
 * ten minutes; then it is left until a person asks or the files say something else. One thread's.
 */
final class RepairLimit {
    private static final int TIMES = 5;
    private static final Duration WINDOW = Duration.ofMinutes(10);

    private final Map<String, RecentTimes> repairs = new HashMap<>();
    private final Set<String> left = new HashSet<>();

    /** Which of a plan's repairs are not made any more. */
    Set<String> leave(List<Step> steps, Instant now) {
        return steps.stream()
                .filter(DriftRules::isRepair)
                .filter(step -> isLeft(step, now))
                .map(Step::id)
                .collect(Collectors.toSet());
    }

    private boolean isLeft(Step step, Instant now) {
        var key = key(step);
        if (left.contains(key)) {
            return true;
        }
        if (repairs.containsKey(key) && repairs.get(key).count(now) >= TIMES) {
            left.add(key);
            return true;
        }
        return false;
    }

    /** What of these was done now. One that failed has put nothing right, and is tried again with growing pauses. */
    void made(List<StepResult> results, Instant now) {
        results.stream()
                .filter(StepResult.Done.class::isInstance)
                .map(StepResult::step)
                .filter(DriftRules::isRepair)
                .forEach(step -> repairs.computeIfAbsent(key(step), _ -> new RecentTimes(WINDOW))
                        .add(now));
    }

    /** A person asks, or something else is wanted: all begins anew. */
    void forgive() {
        repairs.clear();
        left.clear();
    }

    static String sentence(Step step) {
        return step.operation().name() + " was put right " + TIMES + " times in " + WINDOW.toMinutes()
                + " minutes and is different again ("
                + step.causes().stream()
                        .map(c -> c.field().isEmpty() ? c.before() : c.field() + ": " + c.before())
                        .collect(Collectors.joining(", "))
                + "); it is left so until its definition changes or 'lockstep sync' asks for it";
    }

    private static String key(Step step) {
        return step.id()
                + step.causes().stream().map(c -> " " + c.field()).sorted().collect(Collectors.joining());
    }
}
