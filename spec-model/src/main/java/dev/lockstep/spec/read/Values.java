package dev.lockstep.spec.read;

import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Values that stand in several places of a Compose file. */
final class Values {
    private static final Pattern FRACTION = Pattern.compile("\\d+\\.\\d+");

    private Values() {}

    /** A text; an empty one counts as absent, as Compose prints neither. */
    static Optional<String> text(Fields fields, String key) {
        return fields.text(key).filter(text -> !text.isEmpty());
    }

    /** A mapping, or a list of {@code K=V}, in which what has no value is empty. */
    static Map<String, String> keyValues(Fields fields, String key) {
        var values = new LinkedHashMap<String, String>();
        fields.keyValues(key).forEach((name, value) -> values.put(name, value.orElse("")));
        return values;
    }

    /** The {@code labels} of a service, network or volume. */
    static Map<String, String> labels(Fields fields) {
        return keyValues(fields, "labels");
    }

    /** A size that is a number of bytes, or text with a unit. */
    static Optional<ByteSize> bytes(Reading reading, String path, YamlNode node) {
        if (node instanceof YamlScalar scalar && scalar.kind() == YamlScalar.Kind.INTEGER) {
            return reading.integer(path, node).flatMap(n -> reading.attempt(path, node, () -> new ByteSize(n)));
        }
        if (node instanceof YamlScalar scalar && scalar.kind() == YamlScalar.Kind.FLOAT) {
            var unit = FRACTION.matcher(scalar.text()).matches() ? ": \"" + scalar.text() + "g\"" : ", such as 512m";
            reading.error(node.at(), path, "must be a whole number of bytes, or have a unit" + unit);
            return Optional.empty();
        }
        return reading.parsed(path, node, ByteSize::parse);
    }
}
