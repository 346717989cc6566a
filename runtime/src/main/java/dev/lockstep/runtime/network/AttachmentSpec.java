package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.DnsEntry;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * One network that a container wants to be on.
 *
 * @param network name of the network in this root
 * @param aliases further DNS names of the container there, beside those that every container has
 * @param addresses fixed ones, at most one of each family; of the others the slot has its own or the next free one
 * @param priority the highest one gives the first interface, and the default route where no other says so; ties: by
 *     name
 * @param options what only some ask for
 */
public record AttachmentSpec(
        String network, List<String> aliases, List<IpAddress> addresses, int priority, EndpointOptions options) {
    /**
     * Of a container's networks that lead out through the host, the first one in this order is its way out, and the one
     * that its published ports lead to it by.
     */
    public static final Comparator<AttachmentSpec> BY_WAY_OUT = Comparator.comparingInt(
                    (AttachmentSpec a) -> a.options().gatewayPriority())
            .thenComparingInt(AttachmentSpec::priority)
            .reversed()
            .thenComparing(AttachmentSpec::network);

    public AttachmentSpec {
        aliases = List.copyOf(aliases);
        addresses = List.copyOf(addresses);
        // A record of an earlier version has none.
        options = Objects.requireNonNullElse(options, EndpointOptions.NONE);
        if (addresses.stream().map(IpAddress::family).distinct().count() != addresses.size()) {
            throw new IllegalArgumentException(
                    "network " + network + ": a container has one address of each family, not " + addresses);
        }
    }

    /** An attachment that asks for nothing special. */
    public AttachmentSpec(String network, List<String> aliases, List<IpAddress> addresses, int priority) {
        this(network, aliases, addresses, priority, EndpointOptions.NONE);
    }

    /**
     * Looks whether aliases and names of links can be names. Not asked of what is read: one that an earlier version let
     * pass would make a whole container unreadable.
     *
     * @throws IllegalArgumentException when one cannot; the message says which
     */
    public void checkNames() {
        check("the alias", aliases);
        check(
                "the link's name",
                options.links().stream().map(EndpointOptions.Link::alias).toList());
    }

    private void check(String what, List<String> names) {
        for (var name : names) {
            if (!DnsEntry.isName(name)) {
                throw new IllegalArgumentException("network " + network + ": " + what + " \"" + printable(name)
                        + "\" cannot be a DNS name; write one without blanks and commas");
            }
        }
    }

    static String printable(String name) {
        return name.replaceAll("\\p{Cntrl}", "?");
    }
}
