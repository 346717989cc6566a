package dev.lockstep.reconciler.plan;

import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Step;
import java.util.stream.Collectors;

/** Where a value comes from, in as many words as are read in passing; never what it is. */
final class OriginText {
    /** A value of many variables would be a line of nothing else. */
    private static final int MOST = 3;

    private OriginText() {}

    /** {@code compose.yaml:9:14, from $LEVEL in .env:3:1}; empty for what nobody wrote. */
    static String of(SourcePosition at) {
        if (at.isDefault()) {
            return "";
        }
        var steps = at.via().stream().limit(MOST).map(s -> ", " + step(s)).collect(Collectors.joining());
        var more = at.via().size() - MOST;
        return at + steps + (more > 0 ? ", and " + more + " more" : "");
    }

    private static String step(Step step) {
        return switch (step) {
            case Step.Extended extended -> "extended by " + extended.at();
            case Step.Included included -> "included by " + included.at();
            case Step.Replaced replaced -> "instead of " + replaced.at();
            case Step.Substituted variable ->
                "from $" + variable.variable()
                        + (variable.at().isDefault() ? " of the environment" : " in " + variable.at());
        };
    }
}
