package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.EffectiveHealthCheck;
import dev.lockstep.runtime.container.ExitOutcome;
import dev.lockstep.runtime.container.HealthCheck;
import dev.lockstep.runtime.container.Hooks;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.AddressFamily;
import dev.lockstep.runtime.network.Attached;
import dev.lockstep.runtime.network.Endpoint;
import dev.lockstep.runtime.network.EndpointAddress;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.PublishedPort;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;

/** {@code inspect}: everything about containers, in the structure of {@code docker inspect}. */
final class InspectCommand implements Command {
    private static final String NEVER = "0001-01-01T00:00:00Z";

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Prints everything about containers as JSON, in the structure of 'docker inspect'.",
                        "A name is a container's; else it is a service of the stack that is meant.");
        spec.addOption(Options.value("FORMAT", "json, or a Go template", "-f", "--format"));
        spec.addOption(Options.flag("And what it takes on the disk", "-s", "--size"));
        spec.addOption(Options.value("TYPE", "container: others have a command of their own", "--type"));
        spec.addPositional(Options.arguments("CONTAINER|SERVICE...", "1..*", "Names or ids"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.text("--format").filter(f -> !f.equals("json"));
        var template = format.isPresent() ? Optional.of(GoTemplate.parse(format.get())) : Optional.<GoTemplate>empty();
        if (!call.text("--type").orElse("container").equals("container")) {
            throw new CommandException("--type is container; 'lockstep image inspect' is for images");
        }
        var sized = call.flag("--size");
        var found = new ArrayList<ObservedContainer>();
        var missing = new ArrayList<String>();
        try (var engine = EngineDoor.of(call).openForReading()) {
            for (var word : call.arguments()) {
                var container = engine.containers().find(word);
                if (container.isPresent()) {
                    engine.containers().observe(container.get().id()).ifPresent(found::add);
                    continue;
                }
                var ofService = ofService(call, engine, word);
                if (ofService.isEmpty()) {
                    missing.add(word);
                }
                found.addAll(ofService);
            }
            if (template.isPresent()) {
                var rows = new ArrayList<GoTemplate.Row>();
                for (var container : found) {
                    rows.add(new GoTemplate.Row(
                            JsonText.line(json -> write(json, engine, container, sized, true)), Map.of()));
                }
                call.world().out().print(template.get().lines(rows, Map.of()));
            } else if (call.flag("--format")) {
                call.world().out().print(JsonText.line(json -> write(json, engine, found, sized)));
            } else {
                call.world().out().print(JsonText.document(json -> write(json, engine, found, sized)));
            }
        }
        missing.forEach(word -> call.say("lockstep: No such object: " + word));
        return missing.isEmpty() ? ExitCodes.OK : ExitCodes.ERROR;
    }

    private static List<ObservedContainer> ofService(Invocation call, Engine engine, String word)
            throws IOException, CommandException {
        if (!new ProjectFiles(call).isAny()) {
            return List.of();
        }
        var stack = Stack.of(call);
        return stack.containers(engine, List.of(), Stack.Which.ALL).stream()
                .filter(c -> Stack.service(c).equals(word))
                .toList();
    }

    private static void write(JsonGenerator json, Engine engine, List<ObservedContainer> containers, boolean sized)
            throws IOException {
        json.writeStartArray();
        for (var container : containers) {
            write(json, engine, container, sized, false);
        }
        json.writeEndArray();
    }

    /**
     * Writes about one.
     *
     * @param sized with what it wrote beside its volumes, and that with its image
     * @param nulls whether what it has not is null in place of left out: a template may ask whether it has it
     */
    private static void write(
            JsonGenerator json, Engine engine, ObservedContainer container, boolean sized, boolean nulls)
            throws IOException {
        var record = container.record();
        var spec = record.spec();
        var made = record.made();
        json.writeStartObject();
        json.writeStringField("Id", record.id());
        json.writeStringField("Created", time(Optional.of(record.createdAt())));
        json.writeStringField("Path", made.args().isEmpty() ? "" : made.args().getFirst());
        strings(
                json,
                "Args",
                made.args().subList(Math.min(1, made.args().size()), made.args().size()));
        state(json, container, ContainerRow.of(container, PsCommand.decision(engine, container), Instant.EPOCH), nulls);
        json.writeStringField("Image", made.image().toString());
        // As with Podman: what its name stood for, which names it in a registry too.
        json.writeStringField("ImageDigest", spec.digest().toString());
        json.writeStringField("Name", "/" + spec.name());
        json.writeStringField("AppArmorProfile", made.options().apparmor().orElse(""));
        json.writeNumberField("RestartCount", container.life().restartCount());
        json.writeStringField("Driver", "overlay");
        json.writeStringField("Platform", "linux");
        json.writeObjectFieldStart("HostConfig");
        new HostConfigJson(json).write(container, made);
        json.writeEndObject();
        json.writeArrayFieldStart("Mounts");
        for (var mount : spec.mounts()) {
            mount(json, engine, mount, made.anonymousVolumes());
        }
        json.writeEndArray();
        json.writeObjectFieldStart("Config");
        json.writeStringField("Hostname", made.hostname());
        json.writeStringField("Domainname", spec.options().naming().domainname().orElse(""));
        json.writeStringField("User", made.user());
        json.writeBooleanField("Tty", spec.options().process().tty());
        json.writeBooleanField("OpenStdin", spec.options().process().stdinOpen());
        strings(
                json,
                "Env",
                made.environment().entrySet().stream()
                        .map(e -> e.getKey() + "=" + e.getValue())
                        .toList());
        strings(json, "Cmd", spec.command().orElse(List.of()));
        strings(json, "Entrypoint", spec.entrypoint().orElse(List.of()));
        json.writeStringField("Image", spec.image().familiar());
        json.writeStringField("WorkingDir", made.workingDir());
        map(json, "Labels", container.record().labels());
        json.writeStringField("StopSignal", made.stopSignal());
        json.writeNumberField("StopTimeout", made.stopGrace().toSeconds());
        if (made.healthCheck().isPresent()) {
            healthCheck(
                    json,
                    spec.healthCheck().flatMap(HealthCheck::test),
                    made.healthCheck().get());
        } else if (nulls) {
            json.writeNullField("Healthcheck");
        }
        // Docker has none of these.
        hooks(json, "PostStart", spec.options().hooks().postStart());
        hooks(json, "PreStop", spec.options().hooks().preStop());
        json.writeEndObject();
        json.writeObjectFieldStart("NetworkSettings");
        network(json, engine, container);
        json.writeEndObject();
        if (sized) {
            var size = ContainerSize.of(engine, container);
            json.writeNumberField("SizeRw", size.own());
            json.writeNumberField("SizeRootFs", size.own() + size.image());
        }
        json.writeEndObject();
    }

    /** Times are nanoseconds, as Docker's are. */
    private static void healthCheck(JsonGenerator json, Optional<List<String>> asked, EffectiveHealthCheck check)
            throws IOException {
        json.writeObjectFieldStart("Healthcheck");
        strings(
                json,
                "Test",
                asked.orElseGet(() ->
                        Stream.concat(Stream.of("CMD"), check.args().stream()).toList()));
        json.writeNumberField("Interval", check.interval().toNanos());
        json.writeNumberField("Timeout", check.timeout().toNanos());
        json.writeNumberField("StartPeriod", check.startPeriod().toNanos());
        json.writeNumberField("StartInterval", check.startInterval().toNanos());
        json.writeNumberField("Retries", check.retries());
        json.writeEndObject();
    }

    private static void hooks(JsonGenerator json, String name, List<Hooks.Hook> hooks) throws IOException {
        json.writeArrayFieldStart(name);
        for (var hook : hooks) {
            json.writeStartObject();
            strings(json, "Cmd", hook.command());
            json.writeStringField("User", hook.user().orElse(""));
            json.writeBooleanField("Privileged", hook.privileged());
            json.writeStringField("WorkingDir", hook.workingDir().orElse(""));
            strings(
                    json,
                    "Env",
                    hook.environment().entrySet().stream()
                            .map(e -> e.getKey() + "=" + e.getValue())
                            .toList());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void state(JsonGenerator json, ObservedContainer container, ContainerRow row, boolean nulls)
            throws IOException {
        var exit = switch (container.state()) {
            case ContainerState.Exited(var outcome, var unused) -> Optional.of(outcome);
            case ContainerState.Created _, ContainerState.Running _, ContainerState.Lost _ ->
                Optional.<ExitOutcome>empty();
        };
        json.writeObjectFieldStart("State");
        json.writeStringField("Status", row.state());
        json.writeBooleanField("Running", container.isRunning());
        json.writeBooleanField("Paused", container.isPaused());
        json.writeBooleanField("Restarting", row.restarting());
        json.writeBooleanField("OOMKilled", exit.filter(ExitOutcome::oomKilled).isPresent());
        json.writeBooleanField("Dead", false);
        json.writeNumberField("Pid", container.state() instanceof ContainerState.Running running ? running.pid() : 0);
        json.writeNumberField(
                "ExitCode",
                container.state() instanceof ContainerState.Lost
                        ? ExitOutcome.UNKNOWN
                        : exit.map(ExitOutcome::exitCode).orElse(0));
        json.writeStringField("Error", container.life().error().orElse(""));
        json.writeStringField("StartedAt", time(container.life().startedAt()));
        json.writeStringField("FinishedAt", time(exit.map(ExitOutcome::finishedAt)));
        var health = container.health();
        if (health.isPresent()) {
            json.writeObjectFieldStart("Health");
            json.writeStringField("Status", health.get().status().name().toLowerCase(Locale.ROOT));
            json.writeNumberField("FailingStreak", health.get().failingStreak());
            json.writeArrayFieldStart("Log");
            for (var result : health.get().results()) {
                json.writeStartObject();
                json.writeStringField("Start", time(Optional.of(result.start())));
                json.writeStringField("End", time(Optional.of(result.end())));
                json.writeNumberField("ExitCode", result.exitCode());
                json.writeStringField("Output", result.output());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        } else if (nulls) {
            json.writeNullField("Health");
        }
        json.writeEndObject();
    }

    private static void mount(JsonGenerator json, Engine engine, MountSpec mount, Map<String, String> anonymous)
            throws IOException {
        json.writeStartObject();
        switch (mount) {
            case MountSpec.Bind bind -> {
                json.writeStringField("Type", "bind");
                json.writeStringField("Source", bind.source().toString());
                json.writeBooleanField("RW", !bind.readOnly());
                json.writeStringField("Mode", bind.options().selinux().orElse(""));
                json.writeStringField("Propagation", bind.options().propagation());
            }
            case MountSpec.Volume volume -> {
                json.writeStringField("Type", "volume");
                json.writeStringField("Name", volume.name());
                json.writeStringField(
                        "Source", engine.volumes().path(volume.name()).toString());
                json.writeBooleanField("RW", !volume.readOnly());
                json.writeStringField("Driver", "local");
                if (volume.subpath().isPresent()) {
                    json.writeStringField("SubPath", volume.subpath().get());
                }
            }
            case MountSpec.Anonymous own -> {
                var name = anonymous.getOrDefault(own.target(), "");
                json.writeStringField("Type", "volume");
                json.writeStringField("Name", name);
                json.writeStringField("Source", engine.volumes().path(name).toString());
                json.writeBooleanField("RW", !own.readOnly());
                json.writeStringField("Driver", "local");
            }
            case MountSpec.Tmpfs tmpfs -> {
                json.writeStringField("Type", "tmpfs");
                json.writeStringField("Source", "");
                json.writeBooleanField("RW", !tmpfs.readOnly());
            }
            case MountSpec.OfImage image -> {
                json.writeStringField("Type", "image");
                json.writeStringField("Source", image.image().familiar());
                json.writeBooleanField("RW", false);
                if (image.subpath().isPresent()) {
                    json.writeStringField("SubPath", image.subpath().get());
                }
            }
            case MountSpec.Content content -> {
                // What it is called, and where it lies: nowhere on a disk.
                json.writeStringField("Type", "tmpfs");
                json.writeStringField("Name", content.name());
                json.writeStringField("Source", "");
                json.writeBooleanField("RW", false);
                json.writeStringField("UID", content.uid());
                json.writeStringField("GID", content.gid());
                json.writeStringField("FileMode", Integer.toOctalString(content.mode()));
            }
        }
        json.writeStringField("Destination", mount.target());
        json.writeEndObject();
    }

    private static void network(JsonGenerator json, Engine engine, ObservedContainer container) throws IOException {
        ports(json, "Ports", ShownPorts.places(container));
        json.writeObjectFieldStart("Networks");
        var networks = container.record().spec().networks();
        var ends = networks.isEmpty()
                ? List.<Endpoint>of()
                : engine.networks()
                        .attached(container.id())
                        .map(Attached::endpoints)
                        .orElse(List.of());
        for (var attachment : networks) {
            json.writeObjectFieldStart(attachment.network());
            strings(json, "Aliases", attachment.aliases());
            strings(
                    json,
                    "Links",
                    attachment.options().links().stream()
                            .map(link -> link.target() + ":" + link.alias())
                            .toList());
            var end = ends.stream()
                    .filter(e -> e.network().equals(attachment.network()))
                    .findFirst();
            json.writeStringField("EndpointID", end.map(Endpoint::id).orElse(""));
            json.writeStringField("MacAddress", end.map(Endpoint::mac).orElse(""));
            json.writeStringField(
                    "InterfaceName", end.map(Endpoint::interfaceName).orElse(""));
            json.writeNumberField("GwPriority", attachment.options().gatewayPriority());
            address(json, end.flatMap(e -> e.of(AddressFamily.IPV4)), "IPAddress", "IPPrefixLen", "Gateway");
            address(
                    json,
                    end.flatMap(e -> e.of(AddressFamily.IPV6)),
                    "GlobalIPv6Address",
                    "GlobalIPv6PrefixLen",
                    "IPv6Gateway");
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    /** What is published, by port of the container. */
    static void ports(JsonGenerator json, String name, List<PublishedPort> ports) throws IOException {
        json.writeObjectFieldStart(name);
        var published = ports.stream()
                .collect(Collectors.groupingBy(
                        port -> port.containerPort() + "/" + port.protocol().lowerCase(),
                        LinkedHashMap::new,
                        Collectors.toList()));
        for (var port : published.entrySet()) {
            json.writeArrayFieldStart(port.getKey());
            for (var place : port.getValue()) {
                json.writeStartObject();
                json.writeStringField(
                        "HostIp", place.hostIp().map(IpAddress::toString).orElse("0.0.0.0"));
                json.writeStringField(
                        "HostPort", String.valueOf(place.hostPort().orElse(0)));
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    private static void address(
            JsonGenerator json, Optional<EndpointAddress> place, String address, String prefix, String gateway)
            throws IOException {
        json.writeStringField(address, place.map(p -> p.address().toString()).orElse(""));
        json.writeNumberField(prefix, place.map(p -> p.subnet().prefix()).orElse(0));
        json.writeStringField(gateway, place.map(p -> p.gateway().toString()).orElse(""));
    }

    private static void strings(JsonGenerator json, String name, List<String> values) throws IOException {
        json.writeArrayFieldStart(name);
        for (var value : values) {
            json.writeString(value);
        }
        json.writeEndArray();
    }

    private static void map(JsonGenerator json, String name, Map<String, String> values) throws IOException {
        json.writeObjectFieldStart(name);
        for (var value : values.entrySet()) {
            json.writeStringField(value.getKey(), value.getValue());
        }
        json.writeEndObject();
    }

    private static String time(Optional<Instant> time) {
        return time.map(LogPrinter::time).orElse(NEVER);
    }
}
