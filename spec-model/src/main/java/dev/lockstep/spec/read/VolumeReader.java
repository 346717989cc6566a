package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Volume;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the top-level {@code volumes}. */
final class VolumeReader {
    private static final Keys VOLUME = Keys.of("name driver driver_opts external labels x-lockstep");
    private static final String DEVICE = "device";

    private final Reading reading;
    private final HostPaths paths;
    private final Lists lists;
    private final ExtensionReader extensions;
    private final String projectName;

    VolumeReader(Reading reading, HostPaths paths, String projectName) {
        this.reading = reading;
        this.paths = paths;
        this.lists = new Lists(reading);
        this.extensions = new ExtensionReader(reading);
        this.projectName = projectName;
    }

    Volume read(String key, SourcePosition at, YamlNode node) {
        var fields = reading.fields("volumes." + key, at, node, VOLUME);
        var external = External.read(reading, fields, key, projectName);
        if (external.present()) {
            for (var other : List.of("driver", "driver_opts", "labels")) {
                if (fields.has(other)) {
                    reading.error(
                            fields.at(other),
                            fields.path(other),
                            "conflicting parameters \"external\" and \"" + other
                                    + "\" specified. An external volume has a name only");
                }
            }
        }
        var driver = Values.text(fields, "driver");
        var options = lists.options(fields, "driver_opts");
        return new Volume(
                key,
                external.name(),
                external.present(),
                driver,
                Volume.bindsDirectory(driver, options) ? withDirectory(fields, options) : options,
                Values.labels(fields),
                extensions.ofVolume(fields));
    }

    private Map<String, String> withDirectory(Fields fields, Map<String, String> options) {
        var resolved = new LinkedHashMap<>(options);
        fields.node("driver_opts")
                .flatMap(node -> reading.attempt(
                        fields.path("driver_opts") + "." + DEVICE,
                        node,
                        () -> paths.file(options.getOrDefault(DEVICE, ""))))
                .ifPresent(path -> resolved.put(DEVICE, path));
        return resolved;
    }
}
