package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Addresses;
import dev.lockstep.spec.model.Port;
import dev.lockstep.spec.model.PortRange;
import dev.lockstep.spec.model.Protocol;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** Reads {@code ports}, in short and long form. */
final class PortReader {
    private static final Keys PORT = Keys.of("target published host_ip protocol mode name app_protocol");
    private static final Function<String, Protocol> PROTOCOL =
            Words.oneOf(Protocol.values(), Protocol::word, "a protocol");
    private static final Function<String, String> MODE = Words.oneOf("a mode", "ingress", "host");

    /** More than this cannot be listened on anyway, and a few lines could ask for millions. */
    private static final int MOST = 65_536;

    private final Reading reading;

    PortReader(Reading reading) {
        this.reading = reading;
    }

    /** What makes two entries the same one: the later replaces the earlier, in its place. */
    private static String identity(Port port) {
        return port.hostIp().orElse("0.0.0.0") + " "
                + port.published().map(PortRange::toString).orElse("") + " " + port.target() + "/"
                + port.protocol().word();
    }

    List<Port> read(Fields service) {
        return service.node("ports")
                .map(node -> read(service.path("ports"), node))
                .orElse(List.of());
    }

    private List<Port> read(String path, YamlNode node) {
        var ports = new LinkedHashMap<String, Port>();
        var nodes = new LinkedHashMap<String, YamlNode>();
        var items = reading.items(path, node);
        for (var i = 0; i < items.size(); i++) {
            var item = items.get(i);
            for (var port : entry(path + "[" + i + "]", item)) {
                var identity = identity(port);
                ports.put(identity, port);
                nodes.put(identity, item);
            }
            if (ports.size() > MOST) {
                reading.error(item.at(), path, "publishes more than " + MOST + " ports");
                return List.of();
            }
        }
        var place = 0;
        for (var origin : nodes.values()) {
            reading.place(path + "[" + place++ + "]", origin.at());
        }
        return List.copyOf(ports.values());
    }

    private List<Port> entry(String path, YamlNode node) {
        if (node instanceof YamlMapping) {
            return longForm(reading.fields(path, node.at(), node, PORT)).stream()
                    .toList();
        }
        if (node instanceof YamlScalar scalar && (scalar.isText() || scalar.kind() == YamlScalar.Kind.INTEGER)) {
            return reading.attempt(path, node, () -> shortForm(scalar.asText())).orElse(List.of());
        }
        reading.mustBe(path, node, "a port such as \"8080:80\", or a mapping");
        return List.of();
    }

    /**
     * Reads {@code [[HOST_IP:]HOST[-HOST]:]CONTAINER[-CONTAINER][/PROTOCOL]}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    static List<Port> shortForm(String text) {
        var slash = text.lastIndexOf('/');
        var protocol = slash < 0 ? Protocol.TCP : protocol(text.substring(slash + 1));
        var rest = slash < 0 ? text : text.substring(0, slash);
        Optional<String> hostIp = Optional.empty();
        if (rest.startsWith("[")) {
            var end = rest.indexOf("]:");
            if (end < 0) {
                throw invalid(text);
            }
            hostIp = Optional.of(hostIp(rest.substring(1, end)));
            rest = rest.substring(end + 2);
            if (rest.indexOf(':') < 0) {
                throw invalid(text);
            }
        }
        var parts = rest.split(":", -1);
        if (parts.length == 3 && hostIp.isEmpty()) {
            hostIp = parts[0].isEmpty() ? Optional.empty() : Optional.of(hostIp(parts[0]));
        } else if (parts.length > 2) {
            throw invalid(text);
        }
        var container = PortRange.parse(parts[parts.length - 1]);
        if (parts.length == 1 || parts[parts.length - 2].isEmpty()) {
            return expand(hostIp, Optional.empty(), container, protocol);
        }
        return expand(hostIp, Optional.of(PortRange.parse(parts[parts.length - 2])), container, protocol);
    }

    private static List<Port> expand(
            Optional<String> hostIp, Optional<PortRange> host, PortRange container, Protocol protocol) {
        if (host.isPresent() && container.size() == 1) {
            return List.of(new Port(hostIp, host, container.first(), protocol));
        }
        if (host.isPresent() && host.get().size() != container.size()) {
            throw new IllegalArgumentException("the ranges " + host.get() + " and " + container
                    + " have different lengths, so their ports cannot be paired");
        }
        var ports = new ArrayList<Port>(container.size());
        for (var i = 0; i < container.size(); i++) {
            var offset = i;
            var published = host.map(range -> new PortRange(range.first() + offset, range.first() + offset));
            ports.add(new Port(hostIp, published, container.first() + i, protocol));
        }
        return ports;
    }

    private Optional<Port> longForm(Fields fields) {
        if (!fields.has("target")) {
            reading.error(fields.at(), fields.path(), "has no target. Write the container's port: target: 80");
            return Optional.empty();
        }
        var target = fields.integer("target", 1, 65_535);
        var published = fields.node("published")
                .map(node -> node instanceof YamlScalar number && number.kind() == YamlScalar.Kind.INTEGER
                        ? YamlScalar.text(node.at(), number.asText())
                        : node)
                .filter(node ->
                        !(node instanceof YamlScalar empty) || !empty.text().isEmpty())
                .flatMap(node -> reading.parsed(fields.path("published"), node, PortRange::parse));
        var hostIp = given(fields, "host_ip", PortReader::hostIp);
        var protocol = given(fields, "protocol", PortReader::protocol).orElse(Protocol.TCP);
        var mode = given(fields, "mode", MODE).orElse("ingress");
        var name = given(fields, "name", Function.identity());
        var appProtocol = given(fields, "app_protocol", Function.identity());
        return target.map(port -> new Port(hostIp, published, port, protocol, mode, name, appProtocol));
    }

    /** The value of a key; an empty text says nothing. */
    private <T> Optional<T> given(Fields fields, String key, Function<String, T> parser) {
        return fields.node(key)
                .filter(node ->
                        !(node instanceof YamlScalar scalar) || !scalar.text().isEmpty())
                .flatMap(node -> reading.parsed(fields.path(key), node, parser));
    }

    private static String hostIp(String text) {
        return Addresses.normalized(text);
    }

    private static Protocol protocol(String text) {
        return PROTOCOL.apply(text.toLowerCase(Locale.ROOT));
    }

    private static IllegalArgumentException invalid(String text) {
        return new IllegalArgumentException("\"" + text
                + "\" is not a port. Write [[HOST_IP:]HOST_PORT:]CONTAINER_PORT[/PROTOCOL], and an IPv6 address in"
                + " brackets");
    }
}
