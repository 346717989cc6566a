package dev.lockstep.spec.model;

import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Step;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Where a value comes from.
 *
 * @param at where it stands
 * @param via how it came from there into the model: through which extends and include, instead of which other value,
 *     with which variables; in order, and empty for a value that is simply used where it stands
 */
public record Origin(SourcePosition at, List<Step> via) {
    public Origin {
        via = List.copyOf(via);
    }

    /** {@code base.yaml:4:12, through extends of base at compose.yaml:3:5}. */
    @Override
    public String toString() {
        return at + via.stream().map(step -> ", " + step).collect(Collectors.joining());
    }
}
