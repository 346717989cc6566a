package dev.lockstep.runtime.network;

import java.util.List;
import java.util.Optional;

/**
 * One network that a container wants to be on.
 *
 * @param network name of the network in this root
 * @param aliases further DNS names of the container there, beside those that every container has
 * @param ipv4 a fixed address, in dotted form; absent: the slot's own or the next free one
 * @param priority the highest one gives the default route and the first interface; ties: by name
 */
public record AttachmentSpec(String network, List<String> aliases, Optional<String> ipv4, int priority) {
    public AttachmentSpec {
        aliases = List.copyOf(aliases);
    }
}
