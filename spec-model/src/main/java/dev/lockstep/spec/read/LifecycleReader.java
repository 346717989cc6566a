package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Dependency;
import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.model.Hooks;
import dev.lockstep.spec.model.Isolation;
import dev.lockstep.spec.model.Lifecycle;
import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.NetworkMode;
import dev.lockstep.spec.model.Networking;
import dev.lockstep.spec.model.Restart;
import dev.lockstep.spec.model.Signal;
import dev.lockstep.spec.model.Storage;
import dev.lockstep.spec.model.VolumesFrom;
import dev.lockstep.spec.model.Written;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Reads when a service's containers start, stop and are started again, and how many there are. */
final class LifecycleReader {
    private static final int MOST_REPLICAS = 10_000;

    private final NestedReaders nested;

    LifecycleReader(NestedReaders nested) {
        this.nested = nested;
    }

    /** The rest of the service says on whom it depends without {@code depends_on}. */
    Lifecycle read(Attributes service, Isolation isolation, Networking networking, Storage storage) {
        var fields = service.fields();
        var dependencies = new LinkedHashMap<>(nested.dependencies().read(fields));
        var implied = new Implied(service, dependencies);
        for (var i = 0; i < networking.links().size(); i++) {
            implied.on(networking.links().get(i).target(), "links[" + i + "]", true);
        }
        networking.mode().flatMap(Written::value).ifPresent(mode -> {
            if (mode instanceof NetworkMode.OfService(var other)) {
                implied.on(other, "network_mode", true);
            }
        });
        implied.by(isolation.namespaces().pid(), "pid");
        implied.by(isolation.namespaces().ipc(), "ipc");
        implied.by(isolation.namespaces().uts(), "uts");
        for (var i = 0; i < storage.volumesFrom().size(); i++) {
            if (storage.volumesFrom().get(i) instanceof VolumesFrom.OfService from) {
                implied.on(from.service(), "volumes_from[" + i + "]", false);
            }
        }
        var scale = fields.integer("scale", 0, MOST_REPLICAS);
        return new Lifecycle(
                dependencies,
                service.written("restart", Restart::parse),
                nested.healthCheck().read(fields),
                service.written("stop_signal", Signal::parse),
                fields.quantity("stop_grace_period", "s", Durations::parse),
                scale,
                nested.deploy().read(fields).map(deploy -> scaled(deploy, scale)),
                service.texts("profiles"),
                service.choice("attach"),
                new Hooks(
                        nested.hooks().preStart(fields),
                        nested.hooks().hooks(fields, "post_start"),
                        nested.hooks().hooks(fields, "pre_stop")));
    }

    /** Compose writes {@code scale} into a {@code deploy} that says nothing of replicas. */
    private static Deploy scaled(Deploy deploy, Optional<Integer> scale) {
        return deploy.replicas().isPresent() || scale.isEmpty() ? deploy : deploy.withReplicas(scale.get());
    }

    /** Dependencies that follow from what a service shares with another; what is written counts more. */
    private record Implied(Attributes service, Map<String, Dependency> dependencies) {
        void by(Optional<Written<NamespaceMode>> mode, String key) {
            mode.flatMap(Written::value).ifPresent(value -> {
                if (value instanceof NamespaceMode.OfService(var other)) {
                    on(other, key, true);
                }
            });
        }

        void on(String other, String key, boolean restart) {
            var implied = new Dependency(Dependency.Condition.STARTED, restart, true);
            if (dependencies.putIfAbsent(other, implied) == null) {
                var fields = service.fields();
                var at = service.reading().places().getOrDefault(fields.path(key), fields.at());
                service.reading().place(fields.path("depends_on") + "." + other, at);
            }
        }
    }
}
