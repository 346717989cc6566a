package dev.lockstep.spec.model;

import java.util.Map;
import java.util.Optional;

/**
 * A loaded and merged Compose project.
 *
 * @param name lower-case letters, digits, {@code -} and {@code _}
 * @param services those that are on, by name, in file order
 * @param disabled services whose profiles nobody asked for
 * @param networks those that some service uses, by key; has {@code default} when a service names no network
 * @param volumes those that some service uses, by key
 * @param secrets those that some service is granted, by key
 * @param configs those that some service is granted, by key
 * @param models those that some service uses, by key
 * @param extensions foreign {@code x-} keys of the top level
 * @param extension what {@code x-lockstep} of the top level says
 * @param sources where the values stand
 */
public record Project(
        String name,
        Map<String, Service> services,
        Map<String, Service> disabled,
        Map<String, Network> networks,
        Map<String, Volume> volumes,
        Map<String, Secret> secrets,
        Map<String, Config> configs,
        Map<String, Model> models,
        Map<String, Data> extensions,
        Optional<ProjectExtension> extension,
        Sources sources) {
    public Project {
        services = Copies.ordered(services);
        disabled = Copies.ordered(disabled);
        networks = Copies.ordered(networks);
        volumes = Copies.ordered(volumes);
        secrets = Copies.ordered(secrets);
        configs = Copies.ordered(configs);
        models = Copies.ordered(models);
        extensions = Copies.ordered(extensions);
    }

    /** The same with other services that are on. */
    public Project withServices(Map<String, Service> other, Sources places) {
        return new Project(
                name, other, disabled, networks, volumes, secrets, configs, models, extensions, extension, places);
    }
}
