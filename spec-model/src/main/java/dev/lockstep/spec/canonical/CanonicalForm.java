package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Bool;
import dev.lockstep.spec.canonical.Value.Decimal;
import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.canonical.Value.Items;
import dev.lockstep.spec.canonical.Value.Null;
import dev.lockstep.spec.canonical.Value.Text;
import dev.lockstep.spec.model.Addresses;
import dev.lockstep.spec.model.Attachment;
import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Cidr;
import dev.lockstep.spec.model.Dependency;
import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.model.HealthCheck;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.Port;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Subnet;
import dev.lockstep.spec.model.Volume;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/** The long form of everything, in docker compose's order of keys. */
final class CanonicalForm {
    private final Path projectDirectory;
    private final boolean explicit;

    /** @param explicit whether absent commands and empty blocks are written out, as docker compose does in JSON */
    CanonicalForm(Path projectDirectory, boolean explicit) {
        this.projectDirectory = projectDirectory;
        this.explicit = explicit;
    }

    Value of(Project project) {
        var root = new Fields().put("name", project.name());
        root.put("services", sorted(project.services(), this::service));
        if (!project.networks().isEmpty()) {
            root.put("networks", sorted(project.networks(), this::network));
        }
        if (!project.volumes().isEmpty()) {
            root.put("volumes", sorted(project.volumes(), CanonicalForm::volume));
        }
        return root;
    }

    private Value service(Service service) {
        var out = new Fields();
        service.cpus().ifPresent(cpus -> out.put("cpus", new Decimal(cpus)));
        words(out, "command", service.command());
        if (!service.dependsOn().isEmpty()) {
            out.put("depends_on", sorted(service.dependsOn(), CanonicalForm::dependency));
        }
        service.deploy().ifPresent(deploy -> out.put("deploy", deploy(deploy)));
        words(out, "entrypoint", service.entrypoint());
        if (!service.environment().isEmpty()) {
            out.put(
                    "environment",
                    sorted(
                            service.environment(),
                            value -> value.<Value>map(Text::new).orElseGet(Null::new)));
        }
        service.hostname().ifPresent(hostname -> out.put("hostname", hostname));
        service.healthCheck().ifPresent(check -> out.put("healthcheck", healthCheck(check)));
        out.put("image", service.image());
        labels(out, service.labels());
        service.memoryLimit().ifPresent(limit -> out.put("mem_limit", limit.toString()));
        out.put("networks", sorted(service.networks(), CanonicalForm::attachment));
        if (!service.ports().isEmpty()) {
            out.put("ports", items(service.ports(), CanonicalForm::port));
        }
        service.restart().ifPresent(restart -> out.put("restart", restart.toString()));
        service.user().ifPresent(user -> out.put("user", user));
        if (!service.mounts().isEmpty()) {
            out.put("volumes", items(service.mounts(), this::mount));
        }
        service.workingDirectory().ifPresent(directory -> out.put("working_dir", directory));
        return out;
    }

    private void words(Fields out, String key, Optional<List<String>> words) {
        if (words.isPresent()) {
            out.put(key, items(words.get(), Text::new));
        } else if (explicit) {
            out.put(key, new Null());
        }
    }

    private static Value dependency(Dependency dependency) {
        return new Fields()
                .put("condition", dependency.condition().word())
                .putIf("restart", dependency.restart())
                .put("required", new Bool(dependency.required()));
    }

    private Value deploy(Deploy deploy) {
        var out = new Fields();
        deploy.replicas().ifPresent(replicas -> out.put("replicas", replicas));
        var resources = deploy.resources();
        var limits = limits(resources.cpus(), resources.memoryLimit());
        resources.pids().ifPresent(pids -> limits.put("pids", pids));
        var reservations = limits(resources.reservedCpus(), resources.memoryReservation());
        var both = new Fields();
        if (!limits.values().isEmpty()) {
            both.put("limits", limits);
        }
        if (!reservations.values().isEmpty()) {
            both.put("reservations", reservations);
        }
        if (explicit || !both.values().isEmpty()) {
            out.put("resources", both);
        }
        if (explicit) {
            out.put("placement", new Fields());
        }
        return out;
    }

    private static Fields limits(Optional<BigDecimal> cpus, Optional<ByteSize> memory) {
        var out = new Fields();
        cpus.ifPresent(value -> out.put("cpus", new Decimal(value)));
        memory.ifPresent(value -> out.put("memory", value.toString()));
        return out;
    }

    private static Value healthCheck(HealthCheck check) {
        var out = new Fields();
        check.test().ifPresent(test -> out.put("test", items(words(test), Text::new)));
        check.timeout().ifPresent(value -> out.put("timeout", Durations.text(value)));
        check.interval().ifPresent(value -> out.put("interval", Durations.text(value)));
        check.retries().ifPresent(value -> out.put("retries", value));
        check.startPeriod().ifPresent(value -> out.put("start_period", Durations.text(value)));
        check.startInterval().ifPresent(value -> out.put("start_interval", Durations.text(value)));
        return out.putIf("disable", check.disabled());
    }

    private static List<String> words(HealthCheck.Test test) {
        var words = new ArrayList<String>();
        switch (test) {
            case HealthCheck.Test.Exec(var arguments) -> {
                words.add("CMD");
                words.addAll(arguments);
            }
            case HealthCheck.Test.Shell(var script) -> {
                words.add("CMD-SHELL");
                words.addAll(script);
            }
            case HealthCheck.Test.None() -> words.add("NONE");
        }
        return words;
    }

    private static Value attachment(Attachment attachment) {
        if (attachment.equals(Attachment.PLAIN)) {
            return new Null();
        }
        var out = new Fields();
        attachment.priority().ifPresent(priority -> out.put("priority", priority));
        if (!attachment.aliases().isEmpty()) {
            out.put("aliases", items(attachment.aliases(), Text::new));
        }
        attachment.ipv4Address().ifPresent(address -> out.put("ipv4_address", Addresses.text(address)));
        return out;
    }

    private static Value port(Port port) {
        var out = new Fields();
        port.name().ifPresent(name -> out.put("name", name));
        out.put("mode", port.mode());
        port.hostIp().ifPresent(ip -> out.put("host_ip", ip));
        out.put("target", port.target());
        port.published().ifPresent(published -> out.put("published", published.toString()));
        out.put("protocol", port.protocol().word());
        port.appProtocol().ifPresent(protocol -> out.put("app_protocol", protocol));
        return out;
    }

    private Value mount(Mount mount) {
        var out = new Fields();
        switch (mount) {
            case Mount.Bind bind -> {
                out.put("type", "bind")
                        .put(
                                "source",
                                projectDirectory
                                        .resolve(bind.source())
                                        .normalize()
                                        .toString())
                        .put("target", bind.target())
                        .putIf("read_only", bind.readOnly());
                var options = new Fields();
                bind.selinux().ifPresent(label -> options.put("selinux", label));
                bind.propagation().ifPresent(propagation -> options.put("propagation", propagation));
                if (!bind.createHostPath()) {
                    options.put("create_host_path", new Bool(false));
                }
                out.put("bind", options);
            }
            case Mount.NamedVolume volume ->
                out.put("type", "volume")
                        .put("source", volume.key())
                        .put("target", volume.target())
                        .putIf("read_only", volume.readOnly())
                        .put("volume", new Fields().putIf("nocopy", volume.noCopy()));
            case Mount.AnonymousVolume volume ->
                out.put("type", "volume")
                        .put("target", volume.target())
                        .putIf("read_only", volume.readOnly())
                        .put("volume", new Fields().putIf("nocopy", volume.noCopy()));
            case Mount.Tmpfs tmpfs -> {
                out.put("type", "tmpfs").put("target", tmpfs.target()).putIf("read_only", tmpfs.readOnly());
                var options = new Fields();
                tmpfs.size().ifPresent(size -> options.put("size", size.toString()));
                tmpfs.mode().ifPresent(mode -> options.put("mode", mode));
                out.put("tmpfs", options);
            }
        }
        return out;
    }

    private Value network(Network network) {
        var out = new Fields().put("name", network.name());
        network.driver().ifPresent(driver -> out.put("driver", driver));
        if (!network.driverOptions().isEmpty()) {
            out.put("driver_opts", sorted(network.driverOptions(), Text::new));
        }
        var ipam = new Fields();
        if (!network.subnets().isEmpty()) {
            ipam.put("config", items(network.subnets(), CanonicalForm::subnet));
        }
        if (explicit || !ipam.values().isEmpty()) {
            out.put("ipam", ipam);
        }
        out.putIf("external", network.external())
                .putIf("internal", network.internal())
                .putIf("attachable", network.attachable());
        labels(out, network.labels());
        return out;
    }

    private static Value subnet(Subnet subnet) {
        var out = new Fields();
        subnet.subnet().map(Cidr::toString).ifPresent(text -> out.put("subnet", text));
        subnet.gateway().ifPresent(gateway -> out.put("gateway", Addresses.text(gateway)));
        subnet.range().map(Cidr::toString).ifPresent(text -> out.put("ip_range", text));
        return out;
    }

    private static Value volume(Volume volume) {
        var out = new Fields().put("name", volume.name());
        volume.driver().ifPresent(driver -> out.put("driver", driver));
        out.putIf("external", volume.external());
        labels(out, volume.labels());
        return out;
    }

    private static void labels(Fields out, Map<String, String> labels) {
        if (!labels.isEmpty()) {
            out.put("labels", sorted(labels, Text::new));
        }
    }

    private static <T> Value sorted(Map<String, T> map, Function<? super T, ? extends Value> value) {
        var out = new Fields();
        new TreeMap<>(map).forEach((key, element) -> out.put(key, value.apply(element)));
        return out;
    }

    private static <T> Value items(List<T> list, Function<? super T, ? extends Value> value) {
        return new Items(list.stream().map(value).toList());
    }
}
