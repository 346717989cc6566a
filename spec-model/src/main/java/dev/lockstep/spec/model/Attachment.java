package dev.lockstep.spec.model;

import java.net.Inet4Address;
import java.util.List;
import java.util.Optional;

/**
 * How a service joins one network.
 *
 * @param aliases further names there, besides the service's own
 * @param ipv4Address a fixed address
 * @param priority the network with the highest is joined first
 */
public record Attachment(List<String> aliases, Optional<Inet4Address> ipv4Address, Optional<Integer> priority) {
    /** Nothing said but the network's name. */
    public static final Attachment PLAIN = new Attachment(List.of(), Optional.empty(), Optional.empty());

    public Attachment {
        aliases = List.copyOf(aliases);
    }
}
