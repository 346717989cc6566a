package dev.lockstep.spec.load;

import dev.lockstep.spec.interpolate.VariableForms;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** Finds the variables of trees that are not interpolated. */
final class VariableSearch {
    private final TreeMap<String, UsedVariable> found = new TreeMap<>();
    private final Set<SourcePosition> places = new HashSet<>();
    private final Set<YamlNode> done = Collections.newSetFromMap(new IdentityHashMap<>());

    /** Where the values begin that have variables. */
    Set<SourcePosition> places() {
        return places;
    }

    /** By name; of several uses of one variable what the first one says. */
    List<UsedVariable> found() {
        return List.copyOf(found.values());
    }

    void search(YamlNode node) {
        if (!done.add(node)) {
            return;
        }
        if (node instanceof YamlMapping mapping) {
            mapping.entries().values().forEach(entry -> search(entry.value()));
        } else if (node instanceof YamlSequence sequence) {
            sequence.items().forEach(this::search);
        } else if (node instanceof YamlScalar scalar && scalar.isText()) {
            for (var use : VariableForms.in(scalar.text())) {
                places.add(scalar.at());
                found.putIfAbsent(
                        use.name(),
                        new UsedVariable(
                                use.name(),
                                use.required(),
                                use.defaultValue(),
                                use.alternative(),
                                scalar.at(use.offset())));
            }
        }
    }
}
