package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Model;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlNode;

/** Reads the top-level {@code models}. */
final class ModelReader {
    private static final Keys MODEL = Keys.of("name model context_size runtime_flags");

    private final Reading reading;

    ModelReader(Reading reading) {
        this.reading = reading;
    }

    Model read(String key, SourcePosition at, YamlNode node) {
        var path = "models." + key;
        var fields = reading.fields(path, at, node, MODEL);
        if (!fields.has("model")) {
            reading.error(at, path, "has no model. Write what is run: model: ai/smollm2");
        }
        return new Model(
                key,
                Values.text(fields, "name"),
                fields.text("model").orElse(""),
                fields.integer("context_size", 0, Integer.MAX_VALUE).map(Integer::longValue),
                fields.texts("runtime_flags"));
    }
}
