package dev.lockstep.spec.read;

import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlMapping;

/**
 * Whether a network, volume, secret or config is somebody else's, and what it is called on the host.
 *
 * @param present whether it is
 */
record External(boolean present, String name) {
    /** {@code external: {name: x}}, the old way to write it. */
    private static final Keys OLD = Keys.of("name");

    /** @param projectName for the name of what nobody names */
    static External read(Reading reading, Fields fields, String key, String projectName) {
        var named = Values.text(fields, "name");
        if (!(fields.node("external").orElse(null) instanceof YamlMapping)) {
            var present = fields.flag("external", false);
            return new External(present, named.orElse(present ? key : projectName + "_" + key));
        }
        var old = fields.fields("external", OLD);
        reading.warning(
                fields.at("external"),
                fields.path("external"),
                "external.name is deprecated. Write external: true and name: beside it");
        var oldName = Values.text(old, "name");
        if (oldName.isPresent() && named.isPresent() && !named.equals(oldName)) {
            fields.error("external", "name and external.name conflict. Write name only");
        }
        return new External(true, named.or(() -> oldName).orElse(key));
    }

    /** Says of each of {@code keys} that it has no effect on what is somebody else's. */
    void warnOf(Reading reading, Fields fields, String kind, String... keys) {
        if (!present) {
            return;
        }
        for (var key : keys) {
            if (fields.has(key)) {
                reading.warning(
                        fields.at(key),
                        fields.path(key),
                        "has no effect: the " + kind + " is external, others decide about it");
            }
        }
    }
}
