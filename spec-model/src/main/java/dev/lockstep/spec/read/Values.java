package dev.lockstep.spec.read;

import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Values that stand in several places of a Compose file. */
final class Values {
    private Values() {}

    /** The {@code labels} of a service, network or volume; one without a value is empty. */
    static Map<String, String> labels(Fields fields) {
        var labels = new LinkedHashMap<String, String>();
        fields.keyValues("labels").forEach((key, value) -> labels.put(key, value.orElse("")));
        return labels;
    }

    /** A size that is a number of bytes, or text with a unit. */
    static Optional<ByteSize> bytes(Reading reading, String path, YamlNode node) {
        if (node instanceof YamlScalar scalar && scalar.kind() == YamlScalar.Kind.INTEGER) {
            return reading.integer(path, node).flatMap(n -> reading.attempt(path, node, () -> new ByteSize(n)));
        }
        if (node instanceof YamlScalar scalar && scalar.kind() == YamlScalar.Kind.FLOAT) {
            reading.error(
                    node.at(), path, "must be a whole number of bytes, or have a unit: \"" + scalar.text() + "g\"");
            return Optional.empty();
        }
        return reading.parsed(path, node, ByteSize::parse);
    }
}
