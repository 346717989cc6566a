package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Attachment;
import dev.lockstep.spec.model.Link;
import dev.lockstep.spec.model.MacAddress;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.NetworkMode;
import dev.lockstep.spec.model.Networking;
import java.util.Map;

/** Reads how a service is reached and what it reaches. */
final class NetworkingReader {
    private final NestedReaders nested;

    NetworkingReader(NestedReaders nested) {
        this.nested = nested;
    }

    Networking read(Attributes service) {
        var fields = service.fields();
        var networks = nested.networks().read(fields);
        var mode = service.written("network_mode", NetworkMode::parse);
        var joinsDefault = networks.isEmpty() && mode.isEmpty() && !fields.has("provider");
        return new Networking(
                joinsDefault ? Map.of(Network.DEFAULT_KEY, Attachment.PLAIN) : networks,
                mode,
                nested.ports().read(fields),
                service.numbersOrTexts("expose"),
                service.oneOrMore("dns").stream()
                        .filter(server -> !server.isEmpty())
                        .toList(),
                service.oneOrMore("dns_search"),
                service.texts("dns_opt"),
                nested.extraHosts().read(fields),
                service.texts("links", Link::parse),
                service.texts("external_links", Link::parse),
                service.written("mac_address", MacAddress::parse));
    }
}
