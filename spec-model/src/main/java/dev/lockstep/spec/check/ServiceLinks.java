package dev.lockstep.spec.check;

import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.NetworkMode;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.VolumesFrom;
import dev.lockstep.spec.model.Written;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Every way in which one service names another. */
final class ServiceLinks {
    private ServiceLinks() {}

    /** The services that must be there for this one, and the path of the key that says so. */
    static Map<String, String> of(Service service) {
        var links = all(service);
        var implied = implied(service);
        service.lifecycle().dependsOn().forEach((other, dependency) -> {
            if (!dependency.required() && !implied.containsKey(other)) {
                links.remove(other);
            }
        });
        return links;
    }

    /** The same, and those that may be missing ({@code required: false}). */
    static Map<String, String> all(Service service) {
        var implied = implied(service);
        var links = new LinkedHashMap<String, String>();
        service.lifecycle().dependsOn().keySet().forEach(other -> {
            var written = Findings.service(service.name()) + ".depends_on." + other;
            // What a link or a namespace implies is in depends_on too, and stands where it is implied.
            links.put(other, implied.getOrDefault(other, written));
        });
        implied.forEach(links::putIfAbsent);
        return links;
    }

    private static Map<String, String> implied(Service service) {
        var path = Findings.service(service.name());
        var links = new LinkedHashMap<String, String>();
        var networking = service.networking();
        for (var i = 0; i < networking.links().size(); i++) {
            links.putIfAbsent(networking.links().get(i).target(), path + ".links[" + i + "]");
        }
        networking.mode().flatMap(Written::value).ifPresent(mode -> {
            if (mode instanceof NetworkMode.OfService(var other)) {
                links.putIfAbsent(other, path + ".network_mode");
            }
        });
        var namespaces = service.isolation().namespaces();
        namespace(namespaces.ipc(), path + ".ipc", links);
        namespace(namespaces.pid(), path + ".pid", links);
        namespace(namespaces.uts(), path + ".uts", links);
        var from = service.storage().volumesFrom();
        for (var i = 0; i < from.size(); i++) {
            if (from.get(i) instanceof VolumesFrom.OfService(var other, var unused)) {
                links.putIfAbsent(other, path + ".volumes_from[" + i + "]");
            }
        }
        return links;
    }

    private static void namespace(Optional<Written<NamespaceMode>> mode, String path, Map<String, String> links) {
        mode.flatMap(Written::value).ifPresent(value -> {
            if (value instanceof NamespaceMode.OfService(var other)) {
                links.putIfAbsent(other, path);
            }
        });
    }
}
