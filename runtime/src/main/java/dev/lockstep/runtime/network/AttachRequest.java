package dev.lockstep.runtime.network;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A container that wants to be on networks.
 *
 * @param container its id, 64 hexadecimal digits
 * @param key whom its addresses belong to
 * @param networks where; none: a namespace with {@code lo} only
 * @param dnsNames its names on every network: service, container name, short id
 * @param dnsServers who is asked for names that are not ours, instead of the host's servers
 * @param userNamespace file that pins the user namespace whose root may do with the network what root may; absent: the
 *     host's
 */
public record AttachRequest(
        String container,
        LeaseKey key,
        List<AttachmentSpec> networks,
        List<String> dnsNames,
        List<String> dnsServers,
        Optional<Path> userNamespace) {
    /** A container with the host's users. */
    public AttachRequest(
            String container,
            LeaseKey key,
            List<AttachmentSpec> networks,
            List<String> dnsNames,
            List<String> dnsServers) {
        this(container, key, networks, dnsNames, dnsServers, Optional.empty());
    }

    /** The same on other networks. */
    AttachRequest withNetworks(List<AttachmentSpec> others) {
        return new AttachRequest(container, key, others, dnsNames, dnsServers, userNamespace);
    }

    private static final Pattern CONTAINER = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]*");

    public AttachRequest {
        // A record of an earlier version has none.
        userNamespace = Objects.requireNonNullElse(userNamespace, Optional.empty());
        networks = List.copyOf(networks);
        dnsNames = List.copyOf(dnsNames);
        dnsServers = List.copyOf(dnsServers);
        if (networks.stream().map(AttachmentSpec::network).distinct().count() != networks.size()) {
            throw new IllegalArgumentException("container " + container + " names a network twice");
        }
        if (!CONTAINER.matcher(container).matches()) {
            throw new IllegalArgumentException("invalid container id \"" + container + "\"");
        }
    }
}
