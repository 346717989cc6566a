package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.model.HealthCheck;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlSequence;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Reads {@code healthcheck}. */
final class HealthCheckReader {
    private static final Keys HEALTH_CHECK =
            Keys.of("test interval timeout retries start_period start_interval disable");

    private static final Duration SHORTEST = Duration.ofMillis(1);

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
                    time(fields, "interval"),
                    time(fields, "timeout"),
                    time(fields, "start_period"),
                    time(fields, "start_interval"),
                    fields.integer("retries", 0, Integer.MAX_VALUE));
        });
    }

    /** Zero is as if nothing were said; what is shorter than Docker's engine takes is a mistake in the unit. */
    private static Optional<Duration> time(Fields fields, String key) {
        var time = fields.quantity(key, "s", Durations::parse);
        if (time.filter(t -> !t.isZero() && t.compareTo(SHORTEST) < 0).isPresent()) {
            fields.error(key, "cannot be less than 1ms");
            return Optional.empty();
        }
        return time;
    }

    private Optional<HealthCheck.Test> test(String path, YamlNode node) {
        if (!(node instanceof YamlSequence sequence)) {
            return reading.text(path, node).map(script -> new HealthCheck.Test.Shell(List.of(script)));
        }
        for (var i = 0; i < sequence.items().size(); i++) {
            reading.place(path + "[" + i + "]", sequence.items().get(i).at());
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
