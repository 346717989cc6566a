package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.DefaultBridge;
import dev.lockstep.reconciler.desired.BindSources;
import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.desired.FileContents;
import dev.lockstep.reconciler.desired.Placement;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.desired.Translation;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeSpec;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.DirectoryTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.load.StandardInput;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/** A container that belongs to no stack, and the one network that is there for such containers alone. */
final class LooseContainer {
    private final Invocation call;
    private final Engine engine;
    private final Owner owner;
    private final RunDocument.Said said;
    private final Project project;
    private final Wanted image;

    /** @param project what {@link #project} has read */
    LooseContainer(Invocation call, Engine engine, String host, RunDocument.Said said, Project project, Wanted image) {
        this.call = call;
        this.project = project;
        this.engine = engine;
        this.owner = nobody(host);
        this.said = said;
        this.image = image;
    }

    /** What it is made of. */
    record Wanted(ImageReference reference, Image image) {}

    private static Owner nobody(String host) {
        return new Owner(host, "", Optional.empty());
    }

    /** Makes it, with the network and the volumes that it needs. */
    ContainerRecord create() throws IOException, CommandException {
        for (var name : said.networks()) {
            if (!name.equals(DefaultBridge.NAME)) {
                requireNetwork(name);
            }
        }
        for (var volume : said.volumes().entrySet()) {
            engine.volumes().create(new VolumeSpec(volume.getKey(), owner, volume.getValue()));
        }
        var spec = own(translated());
        try {
            return said.networks().contains(DefaultBridge.NAME)
                    ? new DefaultBridge(engine)
                            .with(owner, () -> engine.containers().create(spec))
                    : engine.containers().create(spec);
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
    }

    /** Reads what the flags stand for. Needs no engine, so that nothing is made or pulled for a mistyped flag. */
    static Project project(Invocation call, RunDocument.Said said) throws CommandException {
        var text = said.text().replace("$", "$$").getBytes(StandardCharsets.UTF_8);
        var request = LoadRequest.of(new DirectoryTree(call.world().directory()))
                .withFiles(List.of(LoadRequest.STANDARD_INPUT))
                .withStandardInput(new StandardInput(new ByteArrayInputStream(text)));
        return switch (new ComposeLoader().load(request)) {
            case Loaded.Invalid invalid -> throw wrong(invalid.errors());
            case Loaded.Valid valid -> {
                var problems = Checks.strict(valid.project());
                if (!problems.isEmpty()) {
                    throw wrong(problems);
                }
                yield valid.project();
            }
        };
    }

    /** The flags have no lines and columns; the attribute's name is the flag's, or nearly so. */
    private static CommandException wrong(List<Problem> problems) {
        return new CommandException(problems.stream()
                .map(p -> p.path().replaceFirst("^services\\." + RunDocument.SERVICE + "\\.", "") + ": " + p.message())
                .distinct()
                .collect(Collectors.joining("; ")));
    }

    private ContainerSpec translated() throws CommandException {
        var directory = call.world().directory();
        BindSources binds = source -> {
            var path = directory.resolve(source).normalize();
            return new BindSources.Source(path, path.toString());
        };
        var contents = new FileContents() {
            @Override
            public byte[] read(String path) throws IOException {
                return Files.readAllBytes(directory.resolve(path));
            }

            @Override
            public boolean isExecutable(String path) {
                return false; // asked of configs, and there are none
            }

            @Override
            public byte[] external(String what, String name) throws IOException {
                throw new IOException("a container of no stack has no " + what);
            }

            @Override
            public String identity(byte[] content) throws IOException {
                return engine.contents().identity(content);
            }
        };
        var resolution =
                new Resolution.Local(image.image().digest(), image.image().config());
        return switch (new Translation(project, owner, binds, contents, false, _ -> resolution)
                .translate(Placement.ONE_HOST, Optional.empty())) {
            case Translation.Result.Refused(var problems) -> throw wrong(problems);
            case Translation.Result.Translated(var desired) ->
                desired.services().getFirst().slots().getFirst().spec();
        };
    }

    /** Of no service, with no label but its own. */
    private ContainerSpec own(ContainerSpec spec) throws CommandException {
        var labels = new LinkedHashMap<>(spec.labels());
        labels.keySet().removeIf(key -> key.startsWith(ComposeLabels.PREFIX));
        return new ContainerSpec(
                call.text("--name").orElseGet(this::inventedName),
                owner,
                "",
                1,
                image.reference(),
                image.image().digest(),
                spec.entrypoint(),
                spec.command(),
                spec.environment(),
                spec.user(),
                spec.workingDir(),
                spec.hostname(),
                labels,
                spec.mounts(),
                spec.networks(),
                ports(spec),
                spec.resources(),
                spec.restart(),
                spec.healthCheck(),
                spec.stopSignal(),
                spec.stopGrace(),
                spec.options());
    }

    private String inventedName() {
        var repository = image.reference().repository();
        return repository.substring(repository.lastIndexOf('/') + 1) + "-"
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong(), 8);
    }

    /** With {@code -P} also what the image and {@code --expose} name, each on a port that is free. */
    private List<PublishedPort> ports(ContainerSpec spec) throws CommandException {
        var ports = new ArrayList<>(spec.ports());
        if (!call.flag("--publish-all")) {
            return ports;
        }
        var exposed = new TreeSet<>(image.image().config().exposedPorts());
        exposed.addAll(call.texts("--expose"));
        for (var text : exposed) {
            var words = text.split("/", 2);
            if (!words[0].matches("\\d{1,5}")) {
                throw new CommandException("-P publishes single ports, not \"" + Printable.text(text) + "\"");
            }
            var protocol = words.length > 1 ? protocol(words[1], text) : PublishedPort.TransportProtocol.TCP;
            var inside = Integer.parseInt(words[0]);
            if (ports.stream().noneMatch(p -> p.containerPort() == inside && p.protocol() == protocol)) {
                ports.add(new PublishedPort(Optional.empty(), Optional.empty(), inside, protocol));
            }
        }
        return ports;
    }

    private static PublishedPort.TransportProtocol protocol(String word, String port) throws CommandException {
        try {
            return PublishedPort.TransportProtocol.parse(word);
        } catch (IllegalArgumentException e) {
            throw new CommandException("-P publishes tcp, udp and sctp, not \"" + Printable.text(port) + "\"");
        }
    }

    private void requireNetwork(String name) throws IOException, CommandException {
        if (engine.networks().find(name).isEmpty()) {
            throw new CommandException("network " + Printable.text(name) + " not found");
        }
    }

    /** Removes it; of one that belongs to no service its addresses, and the network if it was the last, go with it. */
    static void remove(Engine engine, ContainerRecord container, boolean volumes) throws IOException {
        new DefaultBridge(engine).remove(container, volumes);
    }
}
