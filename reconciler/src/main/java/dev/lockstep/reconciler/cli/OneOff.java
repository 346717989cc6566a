package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerOptions;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.Isolation;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeSpec;
import dev.lockstep.spec.model.PortRange;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.read.ShellWords;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Makes of a service's container one that {@code run} asks for. It belongs to no slot: other containers of the stack
 * find it by its own name alone, nobody restarts it, and plans leave it alone while it runs.
 */
final class OneOff {
    private static final String RANGE = "\\d{1,5}(?:-\\d{1,5})?";
    private static final Pattern PORT = Pattern.compile(
            "(?:(?:([0-9.]+|\\[[0-9a-fA-F:.]+]):)?((?:" + RANGE + ")?):)?(" + RANGE + ")(?:/(tcp|udp|sctp))?");

    private final Invocation call;
    private final Project project;
    private final Engine engine;

    OneOff(Invocation call, Project project, Engine engine) {
        this.call = call;
        this.project = project;
        this.engine = engine;
    }

    /** @param terminal whether it has one; its input is connected */
    ContainerSpec of(ContainerSpec service, boolean terminal) throws IOException, CommandException {
        var words = call.arguments().subList(1, call.arguments().size());
        var entrypoint = call.text("--entrypoint");
        var name = name(call, service);
        try {
            var made = service.asOneOff(
                    name,
                    entrypoint.isPresent() ? Optional.of(split(entrypoint.get())) : service.entrypoint(),
                    words.isEmpty() && entrypoint.isEmpty() ? service.command() : Optional.of(words),
                    environment(service),
                    call.text("--user").or(service::user),
                    call.text("--workdir").or(service::workingDir),
                    labels(service),
                    mounts(service),
                    networks(service),
                    ports(service),
                    service.options().process().withStreams(terminal, true));
            return made.with(withCapabilities(made.options()));
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
    }

    private ContainerOptions withCapabilities(ContainerOptions options) {
        return options.with(capabilities(options.isolation(), call.texts("--cap-add"), call.texts("--cap-drop")));
    }

    /** As with Compose, what is asked for here holds, also where the service's file says the opposite. */
    static Isolation capabilities(Isolation service, List<String> add, List<String> drop) {
        var added = named(add);
        var dropped = named(drop);
        return service.withCapabilities(
                Stream.concat(service.capAdd().stream(), added.stream())
                        .filter(name -> !dropped.contains(name))
                        .toList(),
                Stream.concat(service.capDrop().stream().filter(name -> !added.contains(name)), dropped.stream())
                        .toList());
    }

    private static List<String> named(List<String> capabilities) {
        return capabilities.stream()
                .map(name -> name.toUpperCase(Locale.ROOT))
                .map(name -> name.equals("ALL") || name.startsWith("CAP_") ? name : "CAP_" + name)
                .toList();
    }

    /** That was given, or one that nobody has. */
    static String name(Invocation call, ContainerSpec service) {
        return call.text("--name")
                .orElse(service.owner().stack() + "-" + service.service() + "-run-"
                        + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong(), 12));
    }

    private static List<String> split(String text) throws CommandException {
        try {
            return ShellWords.split(text).words();
        } catch (IllegalArgumentException e) {
            throw new CommandException("--entrypoint: " + e.getMessage());
        }
    }

    private Map<String, Optional<String>> environment(ContainerSpec service) throws CommandException {
        var environment = new LinkedHashMap<>(service.environment());
        ExecCommand.environment(call, List.of(), () -> new ProjectFiles(call).variables())
                .forEach((name, value) -> environment.put(name, Optional.of(value)));
        return environment;
    }

    private Map<String, String> labels(ContainerSpec service) {
        var labels = new LinkedHashMap<>(service.labels());
        for (var text : call.texts("--label")) {
            var words = text.split("=", 2);
            labels.put(words[0], words.length > 1 ? words[1] : "");
        }
        labels.put("com.docker.compose.oneoff", "True");
        labels.put("com.docker.compose.service", service.service());
        return labels;
    }

    /** As the service's, without what only one container can have. */
    private List<AttachmentSpec> networks(ContainerSpec service) {
        return service.networks().stream()
                .map(n -> new AttachmentSpec(
                        n.network(),
                        aliases(service, n),
                        List.of(),
                        n.priority(),
                        n.options().shared()))
                .toList();
    }

    private List<String> aliases(ContainerSpec service, AttachmentSpec network) {
        if (!call.flag("--use-aliases")) {
            return List.of();
        }
        var aliases = new ArrayList<>(network.aliases());
        aliases.add(service.service());
        return aliases;
    }

    private List<PublishedPort> ports(ContainerSpec service) throws CommandException {
        var ports = new ArrayList<PublishedPort>(call.flag("--service-ports") ? service.ports() : List.of());
        for (var text : call.texts("--publish")) {
            ports.addAll(ports(text));
        }
        return ports;
    }

    /** One, or as many as a range has; of a range of the host's for one port the first, as a first replica gets it. */
    static List<PublishedPort> ports(String text) throws CommandException {
        var matcher = PORT.matcher(text);
        if (!matcher.matches()) {
            throw new CommandException("\"" + Printable.text(text)
                    + "\" is no port to publish: write [[IP:]HOST[-HOST]:]PORT[-PORT][/tcp|/udp|/sctp]");
        }
        var ip = Optional.ofNullable(matcher.group(1)).map(a -> IpAddress.parse(a.replaceAll("[\\[\\]]", "")));
        var host = Optional.ofNullable(matcher.group(2))
                .filter(p -> !p.isEmpty() && !p.equals("0"))
                .map(PortRange::parse);
        var inside = PortRange.parse(matcher.group(3));
        if (inside.size() > 1
                && host.filter(range -> range.size() != inside.size()).isPresent()) {
            throw new CommandException("the ranges " + host.get() + " and " + inside
                    + " have different lengths, so their ports cannot be paired");
        }
        var protocol = Optional.ofNullable(matcher.group(4))
                .map(PublishedPort.TransportProtocol::parse)
                .orElse(PublishedPort.TransportProtocol.TCP);
        var ports = new ArrayList<PublishedPort>();
        for (var i = 0; i < inside.size(); i++) {
            var offset = i;
            ports.add(new PublishedPort(
                    ip,
                    host.filter(range -> range.size() == inside.size()).map(range -> range.first() + offset),
                    inside.first() + i,
                    protocol,
                    host.filter(range -> range.size() > inside.size())
                            .map(range -> new PublishedPort.Choice(range.first(), range.last(), range.first()))));
        }
        return ports;
    }

    /**
     * The third part of a {@code --volume}: words of Compose's with commas between them, of contradictory ones the
     * last.
     *
     * @param noCopy means nothing for a directory of the host
     * @param bind means nothing for a volume
     */
    record Mode(boolean readOnly, boolean noCopy, MountSpec.BindOptions bind) {
        /** Empty when a word means nothing. */
        static Optional<Mode> parse(String text) {
            var readOnly = false;
            var noCopy = false;
            var propagation = MountSpec.BindOptions.DEFAULT.propagation();
            var selinux = Optional.<String>empty();
            for (var word : text.split(",", -1)) {
                switch (word) {
                    case "ro" -> readOnly = true;
                    case "rw" -> readOnly = false;
                    case "nocopy" -> noCopy = true;
                    case "z", "Z" -> selinux = Optional.of(word);
                    case "private", "rprivate", "shared", "rshared", "slave", "rslave" -> propagation = word;
                    default -> {
                        return Optional.empty();
                    }
                }
            }
            return Optional.of(new Mode(
                    readOnly, noCopy, new MountSpec.BindOptions(propagation, MountSpec.Recursion.ENABLED, selinux)));
        }
    }

    private List<MountSpec> mounts(ContainerSpec service) throws IOException, CommandException {
        var mounts = new LinkedHashMap<String, MountSpec>();
        service.mounts().forEach(m -> mounts.put(m.target(), m));
        for (var text : call.texts("--volume")) {
            var mount = mount(text);
            mounts.put(mount.target(), mount);
        }
        return List.copyOf(mounts.values());
    }

    private MountSpec mount(String text) throws IOException, CommandException {
        var words = text.split(":", -1);
        var mode = Mode.parse(words.length > 2 ? words[2] : "rw");
        if (words.length > 3 || mode.isEmpty()) {
            throw new CommandException("\"" + Printable.text(text)
                    + "\" is no volume: write TARGET, SOURCE:TARGET or SOURCE:TARGET:MODE, with ro, rw, nocopy, z, Z or a"
                    + " kind of propagation such as rslave as MODE, and commas between several");
        }
        if (words.length == 1) {
            return new MountSpec.Anonymous(words[0], false);
        }
        var source = words[0];
        if (source.startsWith("/") || source.startsWith(".") || source.startsWith("~")) {
            var home = call.world().variable("HOME").orElse("/root");
            // As with Compose that is where the person is, wherever the files are.
            var path = call.world()
                    .directory()
                    .resolve(source.startsWith("~") ? home + source.substring(1) : source)
                    .normalize();
            return new MountSpec.Bind(
                    path,
                    path.toString(),
                    words[1],
                    mode.get().readOnly(),
                    true,
                    Optional.empty(),
                    mode.get().bind());
        }
        var known = Optional.ofNullable(project.volumes().get(source));
        var name = known.map(v -> v.name()).orElse(source);
        if (engine.volumes().find(name).isEmpty()) {
            engine.volumes()
                    .create(new VolumeSpec(
                            name,
                            new Owner("", known.isPresent() ? project.name() : "", Optional.empty()),
                            Map.of(),
                            known.map(v -> v.driverOptions()).orElse(Map.of())));
        }
        return new MountSpec.Volume(
                name, words[1], mode.get().readOnly(), mode.get().noCopy());
    }
}
