package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Addresses;
import dev.lockstep.spec.model.Cidr;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.Subnet;
import dev.lockstep.spec.model.Written;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlNode;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.function.Function;

/** Reads the top-level {@code networks}. */
final class NetworkReader {
    private static final Keys NETWORK = Keys.of(
            "name driver driver_opts ipam external internal attachable enable_ipv4 enable_ipv6 labels" + " x-lockstep");
    private static final Keys IPAM = Keys.of("driver config options");
    private static final Keys SUBNET = Keys.of("subnet ip_range gateway aux_addresses");

    private final Reading reading;
    private final Lists lists;
    private final ExtensionReader extensions;
    private final String projectName;

    NetworkReader(Reading reading, String projectName) {
        this.reading = reading;
        this.lists = new Lists(reading);
        this.extensions = new ExtensionReader(reading);
        this.projectName = projectName;
    }

    Network read(String key, SourcePosition at, YamlNode node) {
        var fields = reading.fields("networks." + key, at, node, NETWORK);
        extensions.ofNetwork(fields);
        var external = External.read(reading, fields, key, projectName);
        external.warnOf(
                reading,
                fields,
                "network",
                "driver",
                "driver_opts",
                "ipam",
                "internal",
                "attachable",
                "enable_ipv4",
                "enable_ipv6",
                "labels");
        return new Network(
                key,
                external.name(),
                external.present(),
                fields.flag("internal", false),
                fields.flag("attachable", false),
                Values.text(fields, "driver"),
                lists.options(fields, "driver_opts"),
                Values.labels(fields),
                ipam(fields),
                flag(fields, "enable_ipv4"),
                flag(fields, "enable_ipv6"));
    }

    private Network.Ipam ipam(Fields network) {
        if (!network.has("ipam")) {
            return Network.Ipam.NONE;
        }
        var fields = network.fields("ipam", IPAM);
        return new Network.Ipam(
                Values.text(fields, "driver"),
                lists.each(fields, "config", this::subnet),
                lists.options(fields, "options"));
    }

    private Optional<Subnet> subnet(String path, YamlNode node) {
        var fields = reading.fields(path, node.at(), node, SUBNET);
        var auxiliary = new LinkedHashMap<String, Written<InetAddress>>();
        lists.options(fields, "aux_addresses")
                .forEach((name, text) -> auxiliary.put(name, Written.of(text, Addresses::parse)));
        return Optional.of(new Subnet(
                written(fields, "subnet", Cidr::parse),
                written(fields, "gateway", Addresses::parse),
                written(fields, "ip_range", Cidr::parse),
                auxiliary));
    }

    private static <T> Optional<Written<T>> written(Fields fields, String key, Function<String, T> parser) {
        return Values.text(fields, key).map(text -> Written.of(text, parser));
    }

    private Optional<Boolean> flag(Fields fields, String key) {
        return fields.node(key).flatMap(node -> reading.flag(fields.path(key), node));
    }
}
