package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Step;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.function.UnaryOperator;

/**
 * Gives the variables in {@code environment} that have no value the one of their project. For included projects: once
 * they are part of another, nobody knows their variables any more.
 */
final class InheritedVariables {
    private final Variables variables;

    InheritedVariables(Variables variables) {
        this.variables = variables;
    }

    YamlNode apply(YamlNode project) {
        return within(
                project,
                "services",
                services -> services instanceof YamlMapping mapping
                        ? mapping.mapValues((_, service) -> within(service, "environment", this::resolved))
                        : services);
    }

    private YamlNode resolved(YamlNode written) {
        if (!(LongForms.keyValues(written) instanceof YamlMapping environment)) {
            return written;
        }
        return environment.mapValues((name, value) -> value instanceof YamlScalar scalar && scalar.isNull()
                ? variables
                        .get(name)
                        .<YamlNode>map(found ->
                                YamlScalar.text(value.at().via(new Step.Substituted(name, found.at())), found.text()))
                        .orElse(value)
                : value);
    }

    private static YamlNode within(YamlNode node, String key, UnaryOperator<YamlNode> change) {
        return node instanceof YamlMapping mapping ? mapping.mapValue(key, change) : node;
    }
}
