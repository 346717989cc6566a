package dev.lockstep.spec.model;

import java.util.Map;

/**
 * A loaded and merged Compose project.
 *
 * @param name lower-case letters, digits, {@code -} and {@code _}
 * @param services by name, in file order
 * @param networks those that some service uses, by key; has {@code default} when a service names no network
 * @param volumes those that some service uses, by key
 * @param sources where the values stand
 */
public record Project(
        String name,
        Map<String, Service> services,
        Map<String, Network> networks,
        Map<String, Volume> volumes,
        Sources sources) {
    public Project {
        services = Copies.ordered(services);
        networks = Copies.ordered(networks);
        volumes = Copies.ordered(volumes);
    }
}
