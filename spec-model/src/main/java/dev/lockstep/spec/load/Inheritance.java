package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Step;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;

/** A copy of a tree whose values say that they came through an extends or an include. */
final class Inheritance {
    private final Step step;
    private final Budget budget;
    private final IdentityHashMap<YamlNode, YamlNode> done = new IdentityHashMap<>();
    private final IdentityHashMap<SourcePosition, SourcePosition> places = new IdentityHashMap<>();

    private Inheritance(Step step, Budget budget) {
        this.step = step;
        this.budget = budget;
    }

    /** As much of {@code node} as the budget allows, with {@code step} on every position. */
    static YamlNode through(Step step, YamlNode node, Budget budget) {
        return new Inheritance(step, budget).copy(node);
    }

    private YamlNode copy(YamlNode node) {
        var known = done.get(node);
        if (known != null) {
            return known;
        }
        if (!budget.takeNode()) {
            return YamlScalar.nothing(node.at());
        }
        var result = copy(node, place(node.at()));
        done.put(node, result);
        return result;
    }

    private YamlNode copy(YamlNode node, SourcePosition at) {
        if (node instanceof YamlSequence sequence) {
            var items = new ArrayList<YamlNode>(sequence.items().size());
            sequence.items().forEach(item -> items.add(copy(item)));
            return new YamlSequence(at, items);
        } else if (node instanceof YamlMapping mapping) {
            var entries = new LinkedHashMap<String, YamlMapping.Entry>();
            mapping.entries()
                    .forEach((key, entry) ->
                            entries.put(key, new YamlMapping.Entry(place(entry.keyAt()), copy(entry.value()))));
            return new YamlMapping(at, entries);
        }
        return node.movedTo(at);
    }

    private SourcePosition place(SourcePosition at) {
        return places.computeIfAbsent(at, before -> before.via(step));
    }
}
