package dev.lockstep.spec.load;

import dev.lockstep.spec.interpolate.Interpolation;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Step;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.IdentityHashMap;

/**
 * Replaces the variables in every text value of a tree; keys are left as they are. A value remembers whose values it
 * has ({@link Step.Substituted}).
 */
final class TreeInterpolation {
    private final Variables variables;
    private final Budget budget;
    private final Problems problems;
    // What aliases share stays shared.
    private final IdentityHashMap<YamlNode, YamlNode> done = new IdentityHashMap<>();

    TreeInterpolation(Variables variables, Budget budget, Problems problems) {
        this.variables = variables;
        this.budget = budget;
        this.problems = problems;
    }

    /** @param path of {@code node}, for messages */
    YamlNode apply(YamlNode node, String path) {
        if (node instanceof YamlScalar scalar) {
            return scalar.isText() && scalar.text().indexOf('$') >= 0 ? scalar(scalar, path) : scalar;
        }
        var known = done.get(node);
        if (known != null) {
            return known;
        }
        var result = node instanceof YamlMapping mapping
                ? mapping.mapValues((key, value) -> apply(value, path.isEmpty() ? key : path + "." + key))
                : ((YamlSequence) node).mapItems((i, item) -> apply(item, path + "[" + i + "]"));
        done.put(node, result);
        return result;
    }

    private YamlScalar scalar(YamlScalar scalar, String path) {
        var result = Interpolation.interpolate(scalar.text(), variables::text, budget.characters());
        if (result instanceof Interpolation.Result.Failed failed) {
            problems.error(scalar.at(failed.offset()), path, failed.message());
            return scalar;
        }
        var replaced = (Interpolation.Result.Text) result;
        replaced.unset().forEach(u -> problems.warning(scalar.at(u.offset()), path, u.message()));
        budget.takeCharacters(replaced.value().length());
        var at = scalar.at();
        for (var name : replaced.used()) {
            at = at.via(new Step.Substituted(
                    name, variables.get(name).map(Variables.Value::at).orElse(SourcePosition.DEFAULT)));
        }
        return YamlScalar.text(at, replaced.value());
    }
}
