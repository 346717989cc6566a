package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Addresses;
import dev.lockstep.spec.model.Attachment;
import dev.lockstep.spec.model.MacAddress;
import dev.lockstep.spec.model.Written;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Reads the {@code networks} of a service. */
final class AttachmentReader {
    private static final Keys ATTACHMENT = Keys.of("aliases interface_name ipv4_address ipv6_address link_local_ips"
            + " mac_address driver_opts priority gw_priority");

    private final Reading reading;
    private final Lists lists;

    AttachmentReader(Reading reading) {
        this.reading = reading;
        this.lists = new Lists(reading);
    }

    /** By the network's key, in file order; empty when the service names none. */
    Map<String, Attachment> read(Fields service) {
        var networks = new LinkedHashMap<String, Attachment>();
        var path = service.path("networks");
        service.node("networks").ifPresent(node -> {
            if (node instanceof YamlMapping) {
                reading.named(path, node)
                        .forEach((name, entry) ->
                                networks.put(name, attachment(path + "." + name, entry.keyAt(), entry.value())));
            } else {
                lists.names(service, "networks").forEach(name -> networks.put(name, Attachment.PLAIN));
            }
        });
        return networks;
    }

    private Attachment attachment(String path, SourcePosition at, YamlNode node) {
        if (Reading.isNull(node)) {
            return Attachment.PLAIN;
        }
        var fields = reading.fields(path, at, node, ATTACHMENT);
        return new Attachment(
                lists.distinct(fields, "aliases"),
                written(fields, "ipv4_address", AttachmentReader::ipv4),
                written(fields, "ipv6_address", AttachmentReader::ipv6),
                lists.distinct(fields, "link_local_ips").stream()
                        .map(text -> Written.of(text, Addresses::parse))
                        .toList(),
                written(fields, "mac_address", MacAddress::parse),
                lists.options(fields, "driver_opts"),
                fields.integer("priority", Integer.MIN_VALUE, Integer.MAX_VALUE).orElse(0),
                fields.integer("gw_priority", Integer.MIN_VALUE, Integer.MAX_VALUE)
                        .orElse(0),
                Values.text(fields, "interface_name"));
    }

    private static <T> Optional<Written<T>> written(Fields fields, String key, Function<String, T> parser) {
        return Values.text(fields, key).map(text -> Written.of(text, parser));
    }

    private static Inet4Address ipv4(String text) {
        if (!(Addresses.parse(text) instanceof Inet4Address address)) {
            throw new IllegalArgumentException("\"" + text + "\" is no IPv4 address");
        }
        return address;
    }

    private static Inet6Address ipv6(String text) {
        if (!(Addresses.parse(text) instanceof Inet6Address address)) {
            throw new IllegalArgumentException("\"" + text + "\" is no IPv6 address");
        }
        return address;
    }
}
