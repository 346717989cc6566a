package dev.lockstep.reconciler.plan;

import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Step;
import java.util.List;
import java.util.Map;

/** Where wanted values stand, and how they came from there. */
record Places(Sources sources) {
    /**
     * The place of a value.
     *
     * @param paths where it may be written, as {@code mem_limit} may in two places; the first that is counts. If none
     *     is, the nearest thing above the first of them stands for it, and how that came there says nothing of the
     *     value
     */
    SourcePosition of(String... paths) {
        for (var path : paths) {
            var at = sources.positions().get(path);
            if (at != null) {
                return withParts(path, at);
            }
        }
        return sources.at(paths[0]).plain();
    }

    /** A list or mapping has the variables of what is in it. */
    private SourcePosition withParts(String path, SourcePosition at) {
        var whole = at;
        var parts = sources.positions().entrySet().stream()
                .filter(e -> e.getKey().startsWith(path + "[") || e.getKey().startsWith(path + "."))
                .sorted(Map.Entry.comparingByKey())
                .map(e -> e.getValue().via())
                .flatMap(List::stream)
                .filter(Step.Substituted.class::isInstance)
                .distinct()
                .toList();
        for (var variable : parts) {
            whole = whole.via().contains(variable) ? whole : whole.via(variable);
        }
        return whole;
    }
}
