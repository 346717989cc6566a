package dev.lockstep.spec.load;

import dev.lockstep.spec.interpolate.Interpolation;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;

/** Replaces the variables in every text value of a tree; keys are left as they are. */
final class TreeInterpolation {
    /** Text that all variables together may make of one project. */
    private static final int MOST = 32 << 20;

    private final Variables variables;
    private final Problems problems;
    // What aliases share stays shared.
    private final IdentityHashMap<YamlNode, YamlNode> done = new IdentityHashMap<>();
    private int left = MOST;

    TreeInterpolation(Variables variables, Problems problems) {
        this.variables = variables;
        this.problems = problems;
    }

    /** @param path of {@code node}, for messages */
    YamlNode apply(YamlNode node, String path) {
        var known = done.get(node);
        if (known != null) {
            return known;
        }
        var result = switch (node) {
            case YamlScalar scalar -> scalar.isText() ? scalar(scalar, path) : scalar;
            case YamlSequence sequence -> {
                var items = new ArrayList<YamlNode>(sequence.items().size());
                for (var item : sequence.items()) {
                    items.add(apply(item, path + "[" + items.size() + "]"));
                }
                yield new YamlSequence(sequence.at(), items);
            }
            case YamlMapping mapping -> {
                var entries = new LinkedHashMap<String, YamlMapping.Entry>();
                mapping.entries().forEach((key, entry) -> {
                    var value = apply(entry.value(), path.isEmpty() ? key : path + "." + key);
                    entries.put(key, new YamlMapping.Entry(entry.keyAt(), value));
                });
                yield new YamlMapping(mapping.at(), entries);
            }
        };
        done.put(node, result);
        return result;
    }

    private YamlScalar scalar(YamlScalar scalar, String path) {
        if (scalar.text().indexOf('$') < 0) {
            return scalar;
        }
        return switch (Interpolation.interpolate(scalar.text(), variables::text, left)) {
            case Interpolation.Result.Text(var value, var unset) -> {
                unset.forEach(u -> problems.warning(scalar.at(u.offset()), path, u.message()));
                left -= value.length();
                yield YamlScalar.text(scalar.at(), value);
            }
            case Interpolation.Result.Failed failed -> {
                problems.error(scalar.at(failed.offset()), path, failed.message());
                yield scalar;
            }
        };
    }
}
