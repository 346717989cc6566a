package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Grant;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.List;
import java.util.Optional;

/** Reads the {@code secrets} and {@code configs} of services, and the {@code secrets} of builds. */
final class GrantReader {
    private static final Keys GRANT = Keys.of("source target uid gid mode");
    private static final String SECRETS = "/run/secrets/";

    private final Reading reading;
    private final Lists lists;
    private final Amounts amounts;

    GrantReader(Reading reading) {
        this.reading = reading;
        this.lists = new Lists(reading);
        this.amounts = new Amounts(reading);
    }

    /** Secrets of a service; one that names no target gets its default. */
    List<Grant> secrets(Fields service) {
        return lists.each(
                service,
                "secrets",
                (path, node) -> grant(path, node)
                        .map(grant -> grant.target().isPresent()
                                ? grant
                                : new Grant(
                                        grant.source(),
                                        Optional.of(SECRETS + grant.source()),
                                        grant.uid(),
                                        grant.gid(),
                                        grant.mode())));
    }

    /** Configs of a service. */
    List<Grant> configs(Fields service) {
        return lists.each(service, "configs", this::grant);
    }

    /** Secrets of a build, which the Dockerfile mounts where it likes. */
    List<Grant> buildSecrets(Fields build) {
        return lists.each(build, "secrets", this::grant);
    }

    private Optional<Grant> grant(String path, YamlNode node) {
        if (!(node instanceof YamlMapping)) {
            return reading.text(path, node).map(Grant::of);
        }
        var fields = reading.fields(path, node.at(), node, GRANT);
        if (!fields.has("source")) {
            reading.error(fields.at(), path, "has no source. Write which one: source: NAME");
        }
        var target = Values.text(fields, "target");
        var uid = Values.text(fields, "uid");
        var gid = Values.text(fields, "gid");
        var mode = amounts.mode(fields, "mode");
        return fields.text("source").map(source -> new Grant(source, target, uid, gid, mode));
    }
}
