package dev.lockstep.spec.load;

import dev.lockstep.spec.model.Addresses;
import dev.lockstep.spec.model.Cidr;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.model.Subnet;
import dev.lockstep.spec.model.Volume;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the merged files as a project. */
final class ProjectReader {
    private final Reading reading;
    private final ServiceReader services;
    private final String projectName;

    ProjectReader(Reading reading, ServiceReader services, String projectName) {
        this.reading = reading;
        this.services = services;
        this.projectName = projectName;
    }

    Project read(YamlNode root) {
        var fields = reading.fields("", root.at(), root, ComposeKeys.PROJECT);
        if (fields.written("services").filter(Reading::isNull).isPresent()) {
            reading.error(fields.at("services"), "services", "must be a mapping, not nothing");
        }
        var read = new LinkedHashMap<String, Service>();
        section(fields, "services")
                .forEach((name, entry) -> read.put(name, services.read(name, entry.keyAt(), entry.value())));
        var networks = new LinkedHashMap<String, Network>();
        section(fields, "networks")
                .forEach((key, entry) -> networks.put(key, network(key, entry.keyAt(), entry.value())));
        var volumes = new LinkedHashMap<String, Volume>();
        section(fields, "volumes").forEach((key, entry) -> volumes.put(key, volume(key, entry.keyAt(), entry.value())));
        return withUsedOnly(read, networks, volumes);
    }

    private Map<String, YamlMapping.Entry> section(Fields fields, String key) {
        return fields.node(key).map(node -> reading.named(key, node)).orElse(Map.of());
    }

    private Project withUsedOnly(
            Map<String, Service> read, Map<String, Network> networks, Map<String, Volume> volumes) {
        var usedNetworks = new HashSet<String>();
        var usedVolumes = new HashSet<String>();
        for (var service : read.values()) {
            usedNetworks.addAll(service.networks().keySet());
            for (var mount : service.mounts()) {
                if (mount instanceof Mount.NamedVolume volume) {
                    usedVolumes.add(volume.key());
                }
            }
        }
        networks.keySet().retainAll(usedNetworks);
        volumes.keySet().retainAll(usedVolumes);
        if (usedNetworks.contains(Network.DEFAULT_KEY)) {
            networks.computeIfAbsent(
                    Network.DEFAULT_KEY,
                    key -> new Network(
                            key,
                            projectName + "_" + key,
                            false,
                            false,
                            false,
                            Optional.empty(),
                            Map.of(),
                            Map.of(),
                            List.of()));
        }
        return new Project(projectName, read, networks, volumes, new Sources(reading.places()));
    }

    private Network network(String key, SourcePosition at, YamlNode node) {
        var fields = reading.fields("networks." + key, at, node, ComposeKeys.NETWORK);
        var external = external(fields);
        var subnets = new ArrayList<Subnet>();
        var ipam = fields.fields("ipam", ComposeKeys.IPAM);
        ipam.node("config").ifPresent(config -> {
            var items = reading.items(ipam.path("config"), config);
            for (var i = 0; i < items.size(); i++) {
                subnets.add(subnet(ipam.path("config") + "[" + i + "]", items.get(i)));
            }
        });
        var driver = driver(fields, "bridge");
        var options = new LinkedHashMap<String, String>();
        fields.keyValues("driver_opts").forEach((option, value) -> options.put(option, value.orElse("")));
        var network = new Network(
                key,
                name(fields, key, external),
                external.present,
                fields.flag("internal", false),
                fields.flag("attachable", false),
                driver,
                options,
                Values.labels(fields),
                subnets);
        if (external.present) {
            for (var other : List.of("driver", "driver_opts", "ipam", "internal", "attachable", "labels")) {
                if (fields.has(other)) {
                    reading.warning(
                            fields.at(other),
                            fields.path(other),
                            "has no effect: the network is external, others decide about it");
                }
            }
        }
        return network;
    }

    private Subnet subnet(String path, YamlNode node) {
        var fields = reading.fields(path, node.at(), node, ComposeKeys.SUBNET);
        reading.place(path, node.at());
        return new Subnet(
                fields.parsed("subnet", Cidr::parse),
                fields.parsed("gateway", Addresses::parse),
                fields.parsed("ip_range", Cidr::parse));
    }

    private Volume volume(String key, SourcePosition at, YamlNode node) {
        var fields = reading.fields("volumes." + key, at, node, ComposeKeys.VOLUME);
        var external = external(fields);
        if (external.present) {
            for (var other : List.of("driver", "labels")) {
                if (fields.has(other)) {
                    reading.error(
                            fields.at(other),
                            fields.path(other),
                            "conflicting parameters \"external\" and \"" + other + "\" specified");
                }
            }
        }
        return new Volume(
                key, name(fields, key, external), external.present, driver(fields, "local"), Values.labels(fields));
    }

    private Optional<String> driver(Fields fields, String only) {
        var driver = fields.text("driver");
        if (driver.isPresent() && !driver.get().isEmpty() && !driver.get().equals(only)) {
            fields.error("driver", "\"" + driver.get() + "\" is not supported yet. There is " + only);
        }
        return driver.filter(d -> !d.isEmpty());
    }

    /** Whether the thing is somebody else's, and the name that the old form of {@code external} gives it. */
    private record External(boolean present, Optional<String> name) {}

    private External external(Fields fields) {
        var node = fields.node("external");
        if (node.isEmpty() || !(node.get() instanceof YamlMapping)) {
            return new External(fields.flag("external", false), Optional.empty());
        }
        var old = fields.fields("external", ComposeKeys.EXTERNAL);
        reading.warning(
                fields.at("external"),
                fields.path("external"),
                "external.name is deprecated. Write external: true and name: beside it");
        var name = old.text("name");
        if (name.isPresent() && fields.has("name") && !fields.text("name").equals(name)) {
            fields.error("external", "name and external.name conflict. Write name only");
        }
        return new External(true, name);
    }

    private String name(Fields fields, String key, External external) {
        return fields.text("name")
                .filter(name -> !name.isEmpty())
                .or(external::name)
                .orElse(external.present ? key : projectName + "_" + key);
    }
}
