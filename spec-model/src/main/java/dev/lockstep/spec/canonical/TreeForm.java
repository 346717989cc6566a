package dev.lockstep.spec.canonical;

import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.math.BigDecimal;

/** A tree of files as a document: everything as it is written, keys in the order of the files. */
final class TreeForm {
    private TreeForm() {}

    static Value of(YamlNode node) {
        return switch (node) {
            case YamlMapping mapping -> {
                var fields = new Value.Fields();
                mapping.entries().forEach((key, entry) -> fields.put(key, of(entry.value())));
                yield fields;
            }
            case YamlSequence sequence ->
                new Value.Items(sequence.items().stream().map(TreeForm::of).toList());
            case YamlScalar scalar -> scalar(scalar);
        };
    }

    private static Value scalar(YamlScalar scalar) {
        return switch (scalar.kind()) {
            case NULL -> new Value.Null();
            case BOOLEAN -> new Value.Bool(scalar.asText().equals("true"));
            case INTEGER -> new Value.Decimal(new BigDecimal(scalar.asText()));
            case FLOAT -> decimal(scalar);
            case TEXT -> new Value.Verbatim(scalar.text());
        };
    }

    /** Infinity and the like are no numbers of JSON. */
    private static Value decimal(YamlScalar scalar) {
        try {
            return new Value.Decimal(new BigDecimal(scalar.asText()));
        } catch (NumberFormatException e) {
            return new Value.Verbatim(scalar.text());
        }
    }
}
