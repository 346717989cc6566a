package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.Capability;
import java.util.List;
import java.util.Optional;

/**
 * What stacks may ask for at most. Nothing said about a subject means that what stands above decides: for a stack the
 * repository's policy, for that the host's. A policy in a repository can only take away.
 *
 * @param privileged whether {@code privileged: true} is possible
 * @param hostNamespaces those of the host that containers may share
 * @param capabilities those that may be added
 * @param bindSources absolute paths of the host which, with all below them, may be mounted
 * @param devices paths of devices
 * @param sockets paths of sockets that may be mounted, such as an engine's
 * @param securityOptions values of {@code security_opt}
 * @param sysctls their names; {@code *} at the end stands for any letters
 * @param runtimes names of OCI runtimes
 * @param publishedAddresses addresses or ranges of the host at which ports may be published
 * @param registries where images may come from, {@code HOST} or {@code HOST:PORT}
 * @param images what must be true of images, by their names; none: nothing
 */
public record Policy(
        Optional<Boolean> privileged,
        Optional<List<HostNamespace>> hostNamespaces,
        Optional<List<Capability>> capabilities,
        Optional<List<String>> bindSources,
        Optional<List<String>> devices,
        Optional<List<String>> sockets,
        Optional<List<String>> securityOptions,
        Optional<List<String>> sysctls,
        Optional<List<String>> runtimes,
        Optional<List<String>> publishedAddresses,
        Optional<List<String>> registries,
        List<ImageRule> images) {
    /** Says nothing about anything. */
    public static final Policy NONE = new Policy(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of());

    public Policy {
        hostNamespaces = hostNamespaces.map(List::copyOf);
        capabilities = capabilities.map(List::copyOf);
        bindSources = bindSources.map(List::copyOf);
        devices = devices.map(List::copyOf);
        sockets = sockets.map(List::copyOf);
        securityOptions = securityOptions.map(List::copyOf);
        sysctls = sysctls.map(List::copyOf);
        runtimes = runtimes.map(List::copyOf);
        publishedAddresses = publishedAddresses.map(List::copyOf);
        registries = registries.map(List::copyOf);
        images = List.copyOf(images);
    }

    /** A namespace of the host, namespaces(7). */
    public enum HostNamespace {
        NETWORK,
        PID,
        IPC,
        UTS,
        USER,
        CGROUP
    }
}
