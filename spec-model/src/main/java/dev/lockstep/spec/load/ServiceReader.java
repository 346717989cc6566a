package dev.lockstep.spec.load;

import dev.lockstep.spec.model.Addresses;
import dev.lockstep.spec.model.Attachment;
import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Dependency;
import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.model.HealthCheck;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.Port;
import dev.lockstep.spec.model.Resources;
import dev.lockstep.spec.model.Restart;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.math.BigDecimal;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads one service of the merged files. */
final class ServiceReader {
    private final Reading reading;
    private final Variables variables;
    private final EnvFiles envFiles;
    private final PortReader ports;
    private final MountReader mounts;

    ServiceReader(Reading reading, Variables variables, EnvFiles envFiles, Optional<String> home) {
        this.reading = reading;
        this.variables = variables;
        this.envFiles = envFiles;
        this.ports = new PortReader(reading);
        this.mounts = new MountReader(reading, home);
    }

    Service read(String name, SourcePosition at, YamlNode node) {
        var path = "services." + name;
        if (Reading.isNull(node)) {
            reading.error(at, path, "must be a mapping, not nothing");
        }
        var fields = reading.fields(path, at, node, ComposeKeys.SERVICE);
        var image = fields.text("image");
        if (!fields.has("image") && fields.written("build").isEmpty()) {
            reading.error(at, path, "has no image. Write image: NAME");
        }
        var environment = environment(fields);
        var files = new ArrayList<String>();
        var cpus = fields.node("cpus").flatMap(n -> cpus(fields.path("cpus"), n));
        var memory = fields.node("mem_limit").flatMap(n -> Values.bytes(reading, fields.path("mem_limit"), n));
        var deploy = deploy(fields);
        deploy.map(Deploy::resources).ifPresent(resources -> {
            mustAgree(fields, "cpus", cpus, "deploy.resources.limits.cpus", resources.cpus());
            mustAgree(fields, "mem_limit", memory, "deploy.resources.limits.memory", resources.memoryLimit());
        });
        return new Service(
                name,
                image.orElse(""),
                words(fields, "command"),
                words(fields, "entrypoint"),
                withEnvFiles(fields, environment, files),
                fields.node("ports")
                        .map(n -> ports.read(fields.path("ports"), n))
                        .orElse(List.<Port>of()),
                fields.node("volumes")
                        .map(n -> mounts.read(fields.path("volumes"), n))
                        .orElse(List.<Mount>of()),
                networks(fields),
                dependencies(fields),
                fields.parsed("restart", Restart::parse),
                healthCheck(fields),
                cpus,
                memory,
                deploy,
                fields.text("user"),
                fields.text("working_dir"),
                fields.text("hostname"),
                Values.labels(fields),
                files);
    }

    /** Compose takes two places for one limit, and both must say the same. */
    private <T> void mustAgree(Fields fields, String key, Optional<T> here, String otherKey, Optional<T> there) {
        if (here.isPresent() && there.isPresent() && !here.equals(there)) {
            fields.error(
                    key, "is " + here.get() + ", and " + otherKey + " is " + there.get() + ". Write only one of them");
        }
    }

    private Optional<List<String>> words(Fields fields, String key) {
        return fields.node(key).flatMap(node -> {
            var path = fields.path(key);
            if (node instanceof YamlSequence) {
                return Optional.of(reading.texts(path, node));
            }
            return reading.parsed(path, node, ShellWords::split).map(split -> {
                if (split.endedAt() >= 0) {
                    reading.warning(
                            node instanceof YamlScalar scalar ? scalar.at(split.endedAt()) : node.at(),
                            path,
                            "the command ends here: no shell runs it. Write [sh, -c, '…'], or quote the character");
                }
                return split.words();
            });
        });
    }

    /** The service's own variables; one without a value takes it from the surroundings, if they have it. */
    private Map<String, Optional<String>> environment(Fields fields) {
        var environment = new LinkedHashMap<String, Optional<String>>();
        fields.keyValues("environment").forEach((name, value) -> {
            var inherited = value.isPresent() ? Optional.<Variables.Value>empty() : variables.get(name);
            inherited
                    .map(Variables.Value::at)
                    .filter(at -> !at.isDefault())
                    .ifPresent(at -> reading.place(fields.path("environment") + "." + name, at));
            environment.put(name, value.or(() -> inherited.map(Variables.Value::text)));
        });
        return environment;
    }

    private Map<String, Optional<String>> withEnvFiles(
            Fields fields, Map<String, Optional<String>> environment, List<String> files) {
        var path = fields.path("env_file");
        var named = new LinkedHashMap<String, EnvFiles.Named>();
        fields.node("env_file").ifPresent(node -> {
            var items = node instanceof YamlSequence sequence ? sequence.items() : List.of(node);
            for (var i = 0; i < items.size(); i++) {
                var itemPath = node instanceof YamlSequence ? path + "[" + i + "]" : path;
                envFile(itemPath, items.get(i)).ifPresent(file -> named.put(file.path(), file));
            }
        });
        var merged = new LinkedHashMap<String, Optional<String>>();
        var values = envFiles.read(
                List.copyOf(named.values()),
                name -> variables.text(name).or(() -> environment.getOrDefault(name, Optional.empty())),
                files);
        values.forEach((name, value) -> {
            merged.put(name, Optional.of(value.text()));
            if (!environment.containsKey(name)) {
                reading.place(fields.path("environment") + "." + name, value.at());
            }
        });
        merged.putAll(environment);
        return merged;
    }

    private Optional<EnvFiles.Named> envFile(String path, YamlNode node) {
        if (node instanceof YamlScalar) {
            return reading.text(path, node).map(file -> new EnvFiles.Named(path, node.at(), file, true, false));
        }
        var fields = reading.fields(path, node.at(), node, ComposeKeys.ENV_FILE);
        var file = fields.text("path");
        if (!fields.has("path")) {
            reading.error(fields.at(), path, "has no path");
        }
        var required = fields.flag("required", true);
        var raw = fields.parsed("format", format -> {
            if (!format.equals("raw") && !format.isEmpty()) {
                throw new IllegalArgumentException("unsupported env_file format \"" + format + "\". There is raw");
            }
            return format.equals("raw");
        });
        return file.map(f -> new EnvFiles.Named(path, node.at(), f, required, raw.orElse(false)));
    }

    private Map<String, Attachment> networks(Fields fields) {
        var path = fields.path("networks");
        var networks = new LinkedHashMap<String, Attachment>();
        fields.node("networks").ifPresent(node -> {
            if (node instanceof YamlSequence sequence) {
                for (var i = 0; i < sequence.items().size(); i++) {
                    var item = sequence.items().get(i);
                    reading.text(path + "[" + i + "]", item).ifPresent(name -> {
                        reading.place(path + "." + name, item.at());
                        networks.put(name, Attachment.PLAIN);
                    });
                }
            } else {
                reading.named(path, node)
                        .forEach((name, entry) ->
                                networks.put(name, attachment(path + "." + name, entry.keyAt(), entry.value())));
            }
        });
        return networks.isEmpty() ? Map.of(Network.DEFAULT_KEY, Attachment.PLAIN) : networks;
    }

    private Attachment attachment(String path, SourcePosition at, YamlNode node) {
        var fields = reading.fields(path, at, node, ComposeKeys.ATTACHMENT);
        var address = fields.parsed("ipv4_address", text -> {
            if (!(Addresses.parse(text) instanceof Inet4Address v4)) {
                throw new IllegalArgumentException("\"" + text + "\" is no IPv4 address");
            }
            return v4;
        });
        return new Attachment(
                List.copyOf(new LinkedHashSet<>(fields.texts("aliases"))),
                address,
                fields.integer("priority", Integer.MIN_VALUE, Integer.MAX_VALUE));
    }

    private Map<String, Dependency> dependencies(Fields fields) {
        var path = fields.path("depends_on");
        var dependencies = new LinkedHashMap<String, Dependency>();
        fields.node("depends_on").ifPresent(node -> {
            if (node instanceof YamlSequence sequence) {
                for (var i = 0; i < sequence.items().size(); i++) {
                    var item = sequence.items().get(i);
                    reading.text(path + "[" + i + "]", item).ifPresent(name -> {
                        reading.place(path + "." + name, item.at());
                        dependencies.put(name, new Dependency(Dependency.Condition.STARTED, false, true));
                    });
                }
            } else {
                reading.named(path, node)
                        .forEach((name, entry) ->
                                dependencies.put(name, dependency(path + "." + name, entry.keyAt(), entry.value())));
            }
        });
        return dependencies;
    }

    private Dependency dependency(String path, SourcePosition at, YamlNode node) {
        var fields = reading.fields(path, at, node, ComposeKeys.DEPENDENCY);
        if (!fields.has("condition")) {
            reading.error(at, path, "has no condition. Write condition: service_started, or service_healthy");
        }
        return new Dependency(
                fields.parsed("condition", ServiceReader::condition).orElse(Dependency.Condition.STARTED),
                fields.flag("restart", false),
                fields.flag("required", true));
    }

    private static Dependency.Condition condition(String text) {
        for (var condition : Dependency.Condition.values()) {
            if (condition.word().equals(text)) {
                return condition;
            }
        }
        throw new IllegalArgumentException("\"" + text + "\" is no condition. Write service_started, service_healthy or"
                + " service_completed_successfully");
    }

    private Optional<HealthCheck> healthCheck(Fields service) {
        return service.node("healthcheck").map(node -> {
            var fields = service.fields("healthcheck", ComposeKeys.HEALTH_CHECK);
            return new HealthCheck(
                    fields.flag("disable", false),
                    fields.node("test").flatMap(test -> test(fields.path("test"), test)),
                    fields.parsed("interval", Durations::parse),
                    fields.parsed("timeout", Durations::parse),
                    fields.parsed("start_period", Durations::parse),
                    fields.parsed("start_interval", Durations::parse),
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

    private Optional<Deploy> deploy(Fields service) {
        return service.node("deploy").map(node -> {
            var fields = service.fields("deploy", ComposeKeys.DEPLOY);
            fields.fields("placement", ComposeKeys.PLACEMENT);
            var resources = fields.fields("resources", ComposeKeys.RESOURCES);
            var limits = resources.fields("limits", ComposeKeys.LIMITS);
            var reservations = resources.fields("reservations", ComposeKeys.RESERVATIONS);
            return new Deploy(
                    fields.integer("replicas", 0, 10_000),
                    new Resources(
                            limits.node("cpus").flatMap(n -> cpus(limits.path("cpus"), n)),
                            memory(limits),
                            limits.integer("pids", -1, Integer.MAX_VALUE).map(Integer::longValue),
                            reservations.node("cpus").flatMap(n -> cpus(reservations.path("cpus"), n)),
                            memory(reservations)));
        });
    }

    private Optional<ByteSize> memory(Fields fields) {
        return fields.parsed("memory", ByteSize::parse);
    }

    private Optional<BigDecimal> cpus(String path, YamlNode node) {
        if (!(node instanceof YamlScalar scalar) || scalar.isNull() || scalar.kind() == YamlScalar.Kind.BOOLEAN) {
            reading.mustBe(path, node, "a number of CPUs");
            return Optional.empty();
        }
        return reading.attempt(path, node, () -> {
            var text = scalar.asText();
            if (!text.matches("\\d{0,9}(\\.\\d{0,20})?") || !text.matches(".*\\d.*")) {
                throw new IllegalArgumentException(
                        "\"" + text + "\" is not a number of CPUs. Write one such as 0.5 or 2");
            }
            var value = new BigDecimal(text).stripTrailingZeros();
            return value.scale() < 0 ? value.setScale(0) : value;
        });
    }
}
