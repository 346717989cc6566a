package dev.lockstep.runtime.container;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Names and words of a container.
 *
 * @param domainname NIS domain name, and what stands behind the host name in its hosts file
 * @param extraHosts lines of its hosts file
 * @param annotations words for the OCI runtime
 * @param resolver whom it asks for names
 */
public record Naming(
        Optional<String> domainname, List<ExtraHost> extraHosts, Map<String, String> annotations, Resolver resolver) {
    /** Nothing. */
    public static final Naming NONE = new Naming(Optional.empty(), List.of(), Map.of());

    /** Stands for the address at which containers reach their host. */
    public static final String HOST_GATEWAY = "host-gateway";

    /**
     * One name in the hosts file.
     *
     * @param address an IP address, or {@link #HOST_GATEWAY}
     */
    public record ExtraHost(String name, String address) {}

    public Naming {
        extraHosts = List.copyOf(extraHosts);
        // A record of an earlier version has none.
        resolver = Objects.requireNonNullElse(resolver, Resolver.NONE);
        annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
    }

    /** A container that asks for names as every one does. */
    public Naming(Optional<String> domainname, List<ExtraHost> extraHosts, Map<String, String> annotations) {
        this(domainname, extraHosts, annotations, Resolver.NONE);
    }
}
