package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Data;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.math.BigDecimal;
import java.util.LinkedHashMap;

/** Values whose meaning is somebody else's, as they are. */
final class DataReader {
    private DataReader() {}

    static Data read(YamlNode node) {
        return switch (node) {
            case YamlMapping mapping -> {
                var entries = new LinkedHashMap<String, Data>();
                mapping.entries().forEach((key, entry) -> entries.put(key, read(entry.value())));
                yield new Data.Entries(entries);
            }
            case YamlSequence sequence ->
                new Data.Items(sequence.items().stream().map(DataReader::read).toList());
            case YamlScalar scalar -> scalar(scalar);
        };
    }

    private static Data scalar(YamlScalar scalar) {
        return switch (scalar.kind()) {
            case NULL -> new Data.Nothing();
            case BOOLEAN -> new Data.Flag(scalar.asText().equals("true"));
            case INTEGER, FLOAT -> new Data.Numeral(new BigDecimal(scalar.asText()));
            case TEXT -> new Data.Text(scalar.text());
        };
    }
}
