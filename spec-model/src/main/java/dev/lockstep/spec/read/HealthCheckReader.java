package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.model.HealthCheck;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.List;
import java.util.Optional;

/** Reads {@code healthcheck}. */
final class HealthCheckReader {
    private static final Keys HEALTH_CHECK =
            Keys.of("test interval timeout retries start_period start_interval disable");

    private final Reading reading;

    HealthCheckReader(Reading reading) {
        this.reading = reading;
    }

    Optional<HealthCheck> read(Fields service) {
        return service.node("healthcheck").map(node -> {
            var fields = service.fields("healthcheck", HEALTH_CHECK);
            return new HealthCheck(
                    fields.flag("disable", false),
                    fields.node("test").flatMap(test -> test(fields.path("test"), test)),
                    fields.quantity("interval", "s", Durations::parse),
                    fields.quantity("timeout", "s", Durations::parse),
                    fields.quantity("start_period", "s", Durations::parse),
                    fields.quantity("start_interval", "s", Durations::parse),
                    fields.integer("retries", 0, Integer.MAX_VALUE));
        });
    }

    private Optional<HealthCheck.Test> test(String path, YamlNode node) {
        if (!(node instanceof YamlSequence)) {
            return reading.text(path, node).map(script -> new HealthCheck.Test.Shell(List.of(script)));
        }
        var words = reading.texts(path, node);
        if (words.isEmpty()) {
            return Optional.empty();
        }
        var rest = words.subList(1, words.size());
        return switch (words.getFirst()) {
            case "CMD" -> Optional.of(new HealthCheck.Test.Exec(rest));
            case "CMD-SHELL" -> Optional.of(new HealthCheck.Test.Shell(rest));
            case "NONE" -> Optional.of(new HealthCheck.Test.None());
            default -> {
                reading.error(node.at(), path, "must start with CMD, CMD-SHELL or NONE, or be one text for the shell");
                yield Optional.empty();
            }
        };
    }
}
