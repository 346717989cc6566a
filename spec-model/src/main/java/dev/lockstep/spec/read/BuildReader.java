package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Build;
import dev.lockstep.spec.model.ContextSource;
import dev.lockstep.spec.model.SshKey;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads {@code build}. */
final class BuildReader {
    private static final Keys BUILD =
            Keys.of("context dockerfile dockerfile_inline entitlements args provenance sbom ssh"
                    + " labels cache_from cache_to no_cache no_cache_filter additional_contexts pull extra_hosts isolation"
                    + " network target secrets shm_size tags ulimits platforms privileged");
    private static final String DOCKERFILE = "Dockerfile";
    private static final String SERVICE = "service:";

    private final Reading reading;
    private final Surroundings surroundings;
    private final HostPaths paths;
    private final Lists lists;
    private final GrantReader grants;
    private final ExtraHostReader extraHosts;
    private final UlimitReader ulimits;

    BuildReader(Reading reading, Surroundings surroundings, HostPaths paths) {
        this.reading = reading;
        this.surroundings = surroundings;
        this.paths = paths;
        this.lists = new Lists(reading);
        this.grants = new GrantReader(reading);
        this.extraHosts = new ExtraHostReader(reading);
        this.ulimits = new UlimitReader(reading);
    }

    Optional<Build> read(Fields service) {
        return service.node("build").flatMap(node -> {
            if (node instanceof YamlScalar) {
                var context = service.parsed("build", this::context);
                // The long form of the short one: the rest is absent, with its defaults.
                return context.map(c -> read(
                        reading.fields(
                                service.path("build"), service.at("build"), YamlScalar.nothing(node.at()), BUILD),
                        c));
            }
            var fields = service.fields("build", BUILD);
            return Optional.of(read(
                    fields, fields.parsed("context", this::context).orElseGet(() -> new ContextSource.Directory("."))));
        });
    }

    private Build read(Fields fields, ContextSource context) {
        var inline = Values.text(fields, "dockerfile_inline");
        var dockerfile = Values.text(fields, "dockerfile");
        if (inline.isPresent() && dockerfile.isPresent()) {
            reading.error(
                    fields.at("dockerfile_inline"),
                    fields.path("dockerfile_inline"),
                    "\"dockerfile\" and \"dockerfile_inline\" are exclusive. Write only one of them");
        }
        return new Build(
                context,
                inline.isPresent() ? Optional.empty() : dockerfile.or(() -> Optional.of(DOCKERFILE)),
                inline,
                fields.texts("entitlements"),
                args(fields),
                flagOrText(fields, "provenance"),
                flagOrText(fields, "sbom"),
                ssh(fields),
                Values.keyValues(fields, "labels"),
                fields.texts("cache_from"),
                fields.texts("cache_to"),
                fields.flag("no_cache", false),
                lists.oneOrMany(fields, "no_cache_filter"),
                additionalContexts(fields),
                fields.flag("pull", false),
                extraHosts.read(fields),
                Values.text(fields, "isolation"),
                Values.text(fields, "network"),
                Values.text(fields, "target"),
                grants.buildSecrets(fields),
                fields.node("shm_size").flatMap(n -> Values.bytes(reading, fields.path("shm_size"), n)),
                lists.distinct(fields, "tags"),
                ulimits.read(fields),
                fields.texts("platforms"),
                fields.flag("privileged", false));
    }

    private ContextSource context(String text) {
        if (ContextSource.isRemote(text)) {
            return new ContextSource.Remote(text);
        }
        return new ContextSource.Directory(paths.path(text));
    }

    private ContextSource additionalContext(String text) {
        return text.startsWith(SERVICE) ? new ContextSource.OfService(text.substring(SERVICE.length())) : context(text);
    }

    /** An argument without a value takes it from the surroundings; without one there either it is not given. */
    private Map<String, String> args(Fields fields) {
        var args = new LinkedHashMap<String, String>();
        fields.keyValues("args").forEach((name, value) -> {
            var inherited = value.isPresent() ? Optional.<Surroundings.Value>empty() : surroundings.variable(name);
            inherited
                    .map(Surroundings.Value::at)
                    .filter(at -> !at.isDefault())
                    .ifPresent(at -> reading.place(fields.path("args") + "." + name, at));
            value.or(() -> inherited.map(Surroundings.Value::text)).ifPresent(text -> args.put(name, text));
        });
        return args;
    }

    private Optional<String> flagOrText(Fields fields, String key) {
        return fields.node(key)
                .flatMap(node -> node instanceof YamlScalar scalar && scalar.kind() == YamlScalar.Kind.BOOLEAN
                        ? Optional.of(scalar.asText())
                        : reading.text(fields.path(key), node).filter(text -> !text.isEmpty()));
    }

    /** {@code default}, a list of {@code ID[=PATH]}, or a mapping of ids to paths. */
    private List<SshKey> ssh(Fields fields) {
        if (fields.node("ssh").orElse(null) instanceof YamlScalar scalar) {
            return reading.text(fields.path("ssh"), scalar)
                    .map(text -> List.of(sshKey(text)))
                    .orElse(List.of());
        }
        var keys = new ArrayList<SshKey>();
        fields.keyValues("ssh").forEach((id, path) -> keys.add(new SshKey(id, path.filter(p -> !p.isEmpty()))));
        return keys;
    }

    private static SshKey sshKey(String text) {
        var equals = text.indexOf('=');
        return equals < 0
                ? new SshKey(text, Optional.empty())
                : new SshKey(text.substring(0, equals), Optional.of(text.substring(equals + 1)));
    }

    private Map<String, ContextSource> additionalContexts(Fields fields) {
        var contexts = new LinkedHashMap<String, ContextSource>();
        var path = fields.path("additional_contexts");
        fields.keyValues("additional_contexts").forEach((name, value) -> {
            var node = contextNode(fields, name);
            if (value.filter(v -> !v.isEmpty()).isEmpty()) {
                reading.error(
                        node.at(), path + "." + name, "has no context. Write a directory, an address or service:NAME");
            } else {
                reading.attempt(path + "." + name, node, () -> additionalContext(value.get()))
                        .ifPresent(context -> contexts.put(name, context));
            }
        });
        return contexts;
    }

    /** The node to name when something is wrong with a context. */
    private static YamlNode contextNode(Fields fields, String name) {
        var node = fields.node("additional_contexts").orElseGet(() -> YamlScalar.nothing(fields.at()));
        var entry = node instanceof YamlMapping mapping ? mapping.entries().get(name) : null;
        return entry == null || Reading.isNull(entry.value()) ? node : entry.value();
    }
}
