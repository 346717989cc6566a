package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Ulimit;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Reads {@code ulimits} of services and builds. */
final class UlimitReader {
    private static final Keys PAIR = Keys.of("soft hard");

    private final Reading reading;

    UlimitReader(Reading reading) {
        this.reading = reading;
    }

    /** The limits by their names. */
    Map<String, Ulimit> read(Fields fields) {
        var limits = new LinkedHashMap<String, Ulimit>();
        fields.node("ulimits").ifPresent(node -> {
            var path = fields.path("ulimits");
            if (!(node instanceof YamlMapping mapping)) {
                reading.mustBe(path, node, "a mapping");
                return;
            }
            mapping.entries().forEach((name, entry) -> {
                var limitPath = path + "." + name;
                reading.place(limitPath, entry.keyAt());
                limit(limitPath, entry.keyAt(), entry.value()).ifPresent(limit -> limits.put(name, limit));
            });
        });
        return limits;
    }

    private Optional<Ulimit> limit(String path, SourcePosition at, YamlNode node) {
        if (!(node instanceof YamlMapping)) {
            return reading.integer(path, node)
                    .flatMap(value -> reading.attempt(path, node, () -> new Ulimit.Single(value)));
        }
        var fields = reading.fields(path, at, node, PAIR);
        var soft = value(fields, "soft");
        var hard = value(fields, "hard");
        return soft.isEmpty() || hard.isEmpty()
                ? Optional.empty()
                : reading.attempt(path, node, () -> new Ulimit.Pair(soft.get(), hard.get()));
    }

    private Optional<Long> value(Fields fields, String key) {
        if (!fields.has(key)) {
            reading.error(fields.at(), fields.path(), "has no " + key + " limit. Write both soft: and hard:");
        }
        return fields.node(key).flatMap(node -> reading.integer(fields.path(key), node));
    }
}
