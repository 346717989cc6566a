package dev.lockstep.spec.canonical;

import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;

/** A tree of files as a document: everything as it is written, keys in the order of the files. */
final class TreeForm {
    private TreeForm() {}

    static Value of(YamlNode node) {
        if (node instanceof YamlMapping mapping) {
            var fields = new Value.Fields();
            mapping.entries().forEach((key, entry) -> fields.put(key, of(entry.value())));
            return fields;
        }
        return node instanceof YamlSequence sequence
                ? new Value.Items(sequence.items().stream().map(TreeForm::of).toList())
                : scalar((YamlScalar) node);
    }

    private static Value scalar(YamlScalar scalar) {
        return switch (scalar.kind()) {
            case NULL -> new Value.Null();
            case BOOLEAN -> new Value.Bool(scalar.asText().equals("true"));
            case INTEGER, FLOAT -> new Value.Numeral(scalar.digits());
            case TEXT -> new Value.Verbatim(scalar.text());
        };
    }
}
