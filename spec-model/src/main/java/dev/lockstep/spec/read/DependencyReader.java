package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Dependency;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** Reads {@code depends_on}. */
final class DependencyReader {
    private static final Keys DEPENDENCY = Keys.of("condition restart required");
    private static final Dependency PLAIN = new Dependency(Dependency.Condition.STARTED, false, true);
    private static final Function<String, Dependency.Condition> CONDITION =
            Words.oneOf(Dependency.Condition.values(), Dependency.Condition::word, "a condition");

    private final Reading reading;
    private final Lists lists;

    DependencyReader(Reading reading) {
        this.reading = reading;
        this.lists = new Lists(reading);
    }

    /** By the other service's name, in file order. */
    Map<String, Dependency> read(Fields service) {
        var dependencies = new LinkedHashMap<String, Dependency>();
        var path = service.path("depends_on");
        service.node("depends_on").ifPresent(node -> {
            if (node instanceof YamlMapping) {
                reading.named(path, node)
                        .forEach((name, entry) ->
                                dependencies.put(name, dependency(path + "." + name, entry.keyAt(), entry.value())));
            } else {
                lists.names(service, "depends_on").forEach(name -> dependencies.put(name, PLAIN));
            }
        });
        return dependencies;
    }

    private Dependency dependency(String path, SourcePosition at, YamlNode node) {
        var fields = reading.fields(path, at, node, DEPENDENCY);
        if (!fields.has("condition")) {
            reading.error(at, path, "has no condition. Write condition: service_started, or service_healthy");
        }
        return new Dependency(
                fields.parsed("condition", CONDITION).orElse(Dependency.Condition.STARTED),
                fields.flag("restart", false),
                fields.flag("required", true));
    }
}
