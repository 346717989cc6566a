package dev.lockstep.spec.read;

import dev.lockstep.spec.model.CredentialSpec;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Suggestion;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Which part of a project is wanted.
 *
 * @param profiles those that are on; {@code *} is all of them
 * @param services only these and what they depend on; all that are on when empty. Naming a service turns its profiles
 *     on
 */
public record Selection(Set<String> profiles, List<String> services) {
    private static final String ALL_PROFILES = "*";

    public Selection {
        profiles = Set.copyOf(profiles);
        services = List.copyOf(services);
    }

    /**
     * The wanted part: the other services are disabled, and of networks, volumes and the like only those are there that
     * a wanted service uses. A name that no service has goes to {@code problems}.
     */
    public Project apply(Project whole, Problems problems) {
        var all = new LinkedHashMap<>(whole.services());
        all.putAll(whole.disabled());
        var on = on(all, problems);
        var wanted = new LinkedHashMap<String, Service>();
        var disabled = new LinkedHashMap<String, Service>();
        var names = services.isEmpty() ? on : withDependencies(all, on);
        all.forEach((name, service) -> {
            if (names.contains(name)) {
                wanted.put(name, services.isEmpty() ? service : without(service, names));
            } else if (!on.contains(name)) {
                disabled.put(name, service);
            }
        });
        var used = new Used();
        wanted.values().forEach(used::by);
        var networks = used.only(whole.networks(), used.networks);
        if (used.networks.contains(Network.DEFAULT_KEY)) {
            networks.computeIfAbsent(Network.DEFAULT_KEY, unused -> Network.implied(whole.name()));
        }
        return new Project(
                whole.name(),
                wanted,
                disabled,
                networks,
                used.only(whole.volumes(), used.volumes),
                used.only(whole.secrets(), used.secrets),
                used.only(whole.configs(), used.configs),
                used.only(whole.models(), used.models),
                whole.extensions(),
                whole.extension(),
                whole.sources());
    }

    /** Of a part nobody asks for what it can be without. */
    private static Service without(Service service, Set<String> names) {
        var dependencies = new LinkedHashMap<>(service.lifecycle().dependsOn());
        dependencies
                .entrySet()
                .removeIf(entry ->
                        !names.contains(entry.getKey()) && !entry.getValue().required());
        return dependencies.size() == service.lifecycle().dependsOn().size()
                ? service
                : service.withDependencies(dependencies);
    }

    /** The project of which {@link #apply} gives a part: with every service that is on, be it wanted or not. */
    public Project withOthers(Project whole) {
        var active = new HashSet<>(profiles);
        services.stream()
                .map(whole.services()::get)
                .filter(Objects::nonNull)
                .forEach(service -> active.addAll(service.lifecycle().profiles()));
        return new Selection(active, List.of()).apply(whole, new Problems());
    }

    /** All of it, with the network that services join when they name none. */
    public static Project everything(Project whole) {
        var implied = whole.services().values().stream()
                .anyMatch(service -> service.networking().networks().containsKey(Network.DEFAULT_KEY));
        if (!implied || whole.networks().containsKey(Network.DEFAULT_KEY)) {
            return whole;
        }
        var networks = new LinkedHashMap<>(whole.networks());
        networks.put(Network.DEFAULT_KEY, Network.implied(whole.name()));
        return new Project(
                whole.name(),
                whole.services(),
                whole.disabled(),
                networks,
                whole.volumes(),
                whole.secrets(),
                whole.configs(),
                whole.models(),
                whole.extensions(),
                whole.extension(),
                whole.sources());
    }

    /** The names of the services that are on, be they wanted or not. */
    private Set<String> on(Map<String, Service> all, Problems problems) {
        var active = new HashSet<>(profiles);
        var on = new HashSet<String>();
        for (var name : services) {
            var service = all.get(name);
            if (service == null) {
                problems.error(
                        SourcePosition.DEFAULT,
                        "",
                        "no such service: " + name
                                + Suggestion.nearest(name, all.keySet())
                                        .map(near -> ". Did you mean \"" + near + "\"?")
                                        .orElse(""));
            } else {
                on.add(name);
                active.addAll(service.lifecycle().profiles());
            }
        }
        all.forEach((name, service) -> {
            var ofService = service.lifecycle().profiles();
            if (ofService.isEmpty()
                    || active.contains(ALL_PROFILES)
                    || ofService.stream().anyMatch(active::contains)) {
                on.add(name);
            }
        });
        return on;
    }

    private Set<String> withDependencies(Map<String, Service> all, Set<String> on) {
        var found = new LinkedHashSet<String>();
        var open = new ArrayDeque<>(services);
        while (!open.isEmpty()) {
            var name = open.removeFirst();
            var service = all.get(name);
            if (service != null && on.contains(name) && found.add(name)) {
                open.addAll(service.lifecycle().dependsOn().keySet());
                service.image().build().ifPresent(build -> open.addAll(build.services()));
            }
        }
        return found;
    }

    /** The keys of what services use. */
    private static final class Used {
        private final Set<String> networks = new HashSet<>();
        private final Set<String> volumes = new HashSet<>();
        private final Set<String> secrets = new HashSet<>();
        private final Set<String> configs = new HashSet<>();
        private final Set<String> models = new HashSet<>();

        void by(Service service) {
            networks.addAll(service.networking().networks().keySet());
            for (var mount : service.storage().mounts()) {
                if (mount instanceof Mount.NamedVolume volume) {
                    volumes.add(volume.key());
                }
            }
            service.storage().secrets().forEach(grant -> secrets.add(grant.source()));
            service.image().build().ifPresent(build -> build.secrets().forEach(grant -> secrets.add(grant.source())));
            service.storage().configs().forEach(grant -> configs.add(grant.source()));
            service.isolation().credentialSpec().flatMap(CredentialSpec::config).ifPresent(configs::add);
            models.addAll(service.models().keySet());
        }

        <T> Map<String, T> only(Map<String, T> declared, Set<String> keys) {
            var used = new LinkedHashMap<>(declared);
            used.keySet().retainAll(keys);
            return used;
        }
    }
}
