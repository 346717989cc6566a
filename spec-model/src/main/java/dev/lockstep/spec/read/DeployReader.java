package dev.lockstep.spec.read;

import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.model.Placement;
import dev.lockstep.spec.model.RestartPolicy;
import dev.lockstep.spec.model.UpdateConfig;
import dev.lockstep.spec.model.Written;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.Optional;
import java.util.function.Function;

/** Reads {@code deploy}. */
final class DeployReader {
    private static final Keys DEPLOY = Keys.of(
            "mode replicas labels update_config rollback_config resources" + " restart_policy placement endpoint_mode");
    private static final Keys UPDATE = Keys.of("parallelism delay failure_action monitor max_failure_ratio order");
    private static final Keys RESOURCES = Keys.of("limits reservations");
    private static final Keys LIMITS = Keys.of("cpus memory pids");
    private static final Keys RESERVATIONS = Keys.of("cpus memory devices generic_resources");
    private static final Keys GENERIC_RESOURCE = Keys.of("discrete_resource_spec");
    private static final Keys DISCRETE_RESOURCE = Keys.of("kind value");
    private static final Keys RESTART_POLICY = Keys.of("condition delay max_attempts window");
    private static final Keys PLACEMENT = Keys.of("constraints preferences max_replicas_per_node");
    private static final Keys PREFERENCE = Keys.of("spread");

    /** More containers of one service than this no host can hold. */
    private static final int MOST_REPLICAS = 10_000;

    private static final Function<String, Deploy.Mode> MODE =
            Words.oneOf(Deploy.Mode.values(), Deploy.Mode::word, "a mode");
    private static final Function<String, Deploy.EndpointMode> ENDPOINT_MODE =
            Words.oneOf(Deploy.EndpointMode.values(), Deploy.EndpointMode::word, "an endpoint mode");
    private static final Function<String, UpdateConfig.FailureAction> FAILURE_ACTION =
            Words.oneOf(UpdateConfig.FailureAction.values(), UpdateConfig.FailureAction::word, "an action");
    private static final Function<String, UpdateConfig.Order> ORDER =
            Words.oneOf(UpdateConfig.Order.values(), UpdateConfig.Order::word, "an order");
    private static final Function<String, RestartPolicy.Condition> CONDITION_WORD =
            Words.oneOf(RestartPolicy.Condition.values(), RestartPolicy.Condition::word, "a condition");

    private final Reading reading;
    private final Lists lists;
    private final Amounts amounts;
    private final DeviceReader devices;

    DeployReader(Reading reading) {
        this.reading = reading;
        this.lists = new Lists(reading);
        this.amounts = new Amounts(reading);
        this.devices = new DeviceReader(reading);
    }

    Optional<Deploy> read(Fields service) {
        return service.node("deploy").map(node -> {
            var fields = service.fields("deploy", DEPLOY);
            var resources = fields.fields("resources", RESOURCES);
            return new Deploy(
                    word(fields, "mode", MODE),
                    fields.integer("replicas", 0, MOST_REPLICAS),
                    Values.keyValues(fields, "labels"),
                    update(fields, "update_config"),
                    update(fields, "rollback_config"),
                    limits(resources),
                    reservations(resources),
                    restartPolicy(fields),
                    placement(fields),
                    word(fields, "endpoint_mode", ENDPOINT_MODE));
        });
    }

    private static <T> Optional<Written<T>> word(Fields fields, String key, Function<String, T> parser) {
        return Values.text(fields, key).map(text -> Written.of(text, parser));
    }

    private Optional<Long> count(Fields fields, String key) {
        return fields.integer(key, 0, Integer.MAX_VALUE).map(Integer::longValue);
    }

    private Optional<UpdateConfig> update(Fields deploy, String key) {
        return deploy.node(key).map(node -> {
            var fields = deploy.fields(key, UPDATE);
            return new UpdateConfig(
                    count(fields, "parallelism"),
                    fields.quantity("delay", "s", Durations::parse),
                    word(fields, "failure_action", FAILURE_ACTION),
                    fields.quantity("monitor", "s", Durations::parse),
                    fields.node("max_failure_ratio")
                            .flatMap(n -> amounts.decimal(fields.path("max_failure_ratio"), n, "a ratio")),
                    fields.parsed("order", ORDER));
        });
    }

    private Optional<Deploy.Limits> limits(Fields resources) {
        return resources.node("limits").map(node -> {
            var fields = resources.fields("limits", LIMITS);
            return new Deploy.Limits(
                    amounts.cpus(fields, "cpus"),
                    fields.parsed("memory", ByteSize::parse),
                    fields.integer("pids", -1, Integer.MAX_VALUE).map(Integer::longValue));
        });
    }

    private Optional<Deploy.Reservations> reservations(Fields resources) {
        return resources.node("reservations").map(node -> {
            var fields = resources.fields("reservations", RESERVATIONS);
            return new Deploy.Reservations(
                    amounts.cpus(fields, "cpus"),
                    fields.parsed("memory", ByteSize::parse),
                    devices.requests(fields),
                    lists.each(fields, "generic_resources", this::genericResource));
        });
    }

    private Optional<Deploy.GenericResource> genericResource(String path, YamlNode node) {
        var fields = reading.fields(path, node.at(), node, GENERIC_RESOURCE);
        if (!fields.has("discrete_resource_spec")) {
            reading.error(node.at(), path, "has no discrete_resource_spec. Write {kind: NAME, value: NUMBER} below it");
            return Optional.empty();
        }
        var resource = fields.fields("discrete_resource_spec", DISCRETE_RESOURCE);
        if (!resource.has("kind")) {
            reading.error(resource.at(), resource.path(), "has no kind. Write what it is: kind: NAME");
        }
        var value = resource.node("value").flatMap(n -> reading.integer(resource.path("value"), n));
        return resource.text("kind").map(kind -> new Deploy.GenericResource(kind, value.orElse(0L)));
    }

    private Optional<RestartPolicy> restartPolicy(Fields deploy) {
        return deploy.node("restart_policy").map(node -> {
            var fields = deploy.fields("restart_policy", RESTART_POLICY);
            return new RestartPolicy(
                    word(fields, "condition", DeployReader::condition),
                    fields.quantity("delay", "s", Durations::parse),
                    count(fields, "max_attempts"),
                    fields.quantity("window", "s", Durations::parse));
        });
    }

    /** The words of {@code restart} mean here, too, what they mean there: docker compose takes them. */
    private static RestartPolicy.Condition condition(String text) {
        return switch (text) {
            case "no" -> RestartPolicy.Condition.NONE;
            case "always" -> RestartPolicy.Condition.ANY;
            default -> CONDITION_WORD.apply(text);
        };
    }

    private Placement placement(Fields deploy) {
        var fields = deploy.fields("placement", PLACEMENT);
        return new Placement(
                fields.texts("constraints"),
                lists.each(
                        fields,
                        "preferences",
                        (path, node) -> Optional.of(reading.fields(path, node.at(), node, PREFERENCE)
                                .text("spread"))),
                count(fields, "max_replicas_per_node").orElse(0L));
    }
}
