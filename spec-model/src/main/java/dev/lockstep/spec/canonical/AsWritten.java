package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Takes out of a document what normalising filled in: networks, names and dependencies that no file says. */
final class AsWritten {
    private static final List<String> NAMED = List.of("networks", "volumes", "secrets", "configs");

    private final Sources sources;

    AsWritten(Sources sources) {
        this.sources = sources;
    }

    void apply(Fields root) {
        if (root.values().get("services") instanceof Fields services) {
            services.values().forEach((name, service) -> {
                if (service instanceof Fields fields) {
                    service("services." + name, fields.values());
                }
            });
        }
        for (var section : NAMED) {
            if (root.values().get(section) instanceof Fields objects) {
                objects(section, objects.values());
                if (objects.values().isEmpty()) {
                    root.values().remove(section);
                }
            }
        }
    }

    private boolean isWritten(String path) {
        return sources.positions().containsKey(path);
    }

    private void service(String path, Map<String, Value> service) {
        if (!isWritten(path + ".networks")) {
            service.remove("networks");
        }
        if (service.get("depends_on") instanceof Fields dependencies) {
            var implying = implying(path);
            dependencies.values().keySet().removeIf(other -> {
                var at = sources.positions().get(path + ".depends_on." + other);
                return at == null || implying.contains(at);
            });
            if (dependencies.values().isEmpty()) {
                service.remove("depends_on");
            }
        }
        if (service.get("build") instanceof Fields build && !isWritten(path + ".build.dockerfile")) {
            build.values().remove("dockerfile");
        }
    }

    /** The places of what implies a dependency; such a dependency stands there, too. */
    private Set<SourcePosition> implying(String path) {
        var places = new HashSet<SourcePosition>();
        for (var key : List.of("network_mode", "pid", "ipc", "uts")) {
            Optional.ofNullable(sources.positions().get(path + "." + key)).ifPresent(places::add);
        }
        for (var list : List.of("links", "volumes_from")) {
            for (var i = 0; isWritten(path + "." + list + "[" + i + "]"); i++) {
                places.add(sources.at(path + "." + list + "[" + i + "]"));
            }
        }
        return places;
    }

    private void objects(String section, Map<String, Value> objects) {
        if (section.equals("networks") && !isWritten("networks." + Network.DEFAULT_KEY)) {
            objects.remove(Network.DEFAULT_KEY);
        }
        objects.forEach((key, object) -> {
            if (object instanceof Fields fields && !isWritten(section + "." + key + ".name")) {
                fields.values().remove("name");
            }
        });
    }
}
