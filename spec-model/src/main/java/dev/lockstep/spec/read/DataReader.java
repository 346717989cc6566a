package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Data;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.LinkedHashMap;

/** Values whose meaning is somebody else's, as they are. */
final class DataReader {
    private DataReader() {}

    static Data read(YamlNode node) {
        if (node instanceof YamlMapping mapping) {
            var entries = new LinkedHashMap<String, Data>();
            mapping.entries().forEach((key, entry) -> entries.put(key, read(entry.value())));
            return new Data.Entries(entries);
        }
        return node instanceof YamlSequence sequence
                ? new Data.Items(sequence.items().stream().map(DataReader::read).toList())
                : scalar((YamlScalar) node);
    }

    private static Data scalar(YamlScalar scalar) {
        return switch (scalar.kind()) {
            case NULL -> new Data.Nothing();
            case BOOLEAN -> new Data.Flag(scalar.asText().equals("true"));
            case INTEGER, FLOAT -> new Data.Numeral(scalar.digits());
            case TEXT -> new Data.Text(scalar.text());
        };
    }
}
