package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.function.UnaryOperator;

/** Changes parts of a tree that may not be there, or be something else than expected: then all stays as it is. */
final class Subtrees {
    private Subtrees() {}

    /** {@code node} with another value at {@code key}. */
    static YamlNode at(YamlNode node, String key, UnaryOperator<YamlNode> change) {
        return node instanceof YamlMapping mapping ? mapping.mapValue(key, change) : node;
    }

    /** {@code node} with other values in the mapping at {@code key}. */
    static YamlNode each(YamlNode node, String key, UnaryOperator<YamlNode> change) {
        return at(
                node,
                key,
                value -> value instanceof YamlMapping mapping
                        ? mapping.mapValues((_, entry) -> change.apply(entry))
                        : value);
    }
}
