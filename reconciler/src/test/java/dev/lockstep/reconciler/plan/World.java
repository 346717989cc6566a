package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.BindSources;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.Placement;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.desired.Translation;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.reconciler.observe.Supposed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ExitOutcome;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.StorageUse;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageConfig;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.EnvironmentFile;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * A host in memory for planner tests: files in, and a host that did what they say out. Tests then change one thing and
 * look at the plan.
 */
final class World {
    /** A stack of two services and a volume. */
    static final String SHOP = """
        services:
          web:
            image: nginx:1
            ports: ["8080:80"]
            depends_on: [app]
          app:
            image: app:1
            environment:
              LEVEL: info
              DB_PASSWORD: hunter2-hunter2
            mem_limit: 128m
            volumes: [data:/data]
        volumes:
          data:
        """;

    static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

    private World() {}

    /** A stack from the text of its compose file; every image is local. */
    static Desired desired(String compose) {
        return desired(compose, World::local);
    }

    static Desired desired(String compose, Function<ImageReference, Resolution> images) {
        return desired(
                compose,
                images,
                source -> new BindSources.Source(Path.of("/src").resolve(source), "shop:" + source),
                Optional.empty());
    }

    static Desired desired(
            String compose,
            Function<ImageReference, Resolution> images,
            BindSources binds,
            Optional<String> repository) {
        return desired(
                LoadRequest.of(new TextFiles(Map.of("compose.yaml", compose))).withDefaultName("shop"),
                images,
                binds,
                repository);
    }

    /** A stack from several files by name, compose.yaml and its override among them. */
    static Desired desired(Map<String, String> files, EnvironmentFile variables) {
        return desired(
                LoadRequest.of(new TextFiles(files)).withDefaultName("shop").withEnvironment(variables),
                World::local,
                source -> new BindSources.Source(Path.of("/src").resolve(source), "shop:" + source),
                Optional.empty());
    }

    private static Desired desired(
            LoadRequest request,
            Function<ImageReference, Resolution> images,
            BindSources binds,
            Optional<String> repository) {
        var loaded = new ComposeLoader().load(request);
        if (!(loaded instanceof Loaded.Valid valid)) {
            throw new IllegalArgumentException(
                    ((Loaded.Invalid) loaded).errors().toString());
        }
        var result = new Translation(
                        valid.project(), new Owner("web1", valid.project().name(), repository), binds, images)
                .translate(Placement.ONE_HOST, Optional.empty());
        return switch (result) {
            case Translation.Result.Translated(var desired) -> desired;
            case Translation.Result.Refused(var problems) -> throw new IllegalArgumentException(problems.toString());
        };
    }

    static final ImageConfig CONFIG = new ImageConfig(
            Platform.parse("linux/amd64"),
            List.of(),
            List.of("sh"),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Set.of(),
            Set.of(),
            Map.of(),
            Optional.empty(),
            Optional.empty(),
            List.of());

    /** Every image is in the local store. */
    static Resolution local(ImageReference reference) {
        return new Resolution.Local(digest(reference.toString()), CONFIG);
    }

    static Digest digest(String of) {
        return new Digest("%064x".formatted(of.hashCode() & 0xffffffffL));
    }

    /** What a person reads of a plan. */
    static String text(Plan plan) {
        return new PlanText(false).print(plan);
    }

    /** For a person who asks for nothing special, on a host that has all. */
    static Plan plan(Desired desired, Observed observed) {
        return Planner.plan(desired, observed, Facts.none());
    }

    /** A host on which exactly this stack runs. */
    static Observed running(Desired desired) {
        return new Supposed(NOW).running(desired);
    }

    static Observed nothing() {
        return new Observed(List.of(), new ObservedNetworks(List.of(), Map.of()), List.of());
    }

    static ObservedContainer container(ContainerSpec spec) {
        return new Supposed(NOW).container(spec);
    }

    /** The host with one container changed. */
    static Observed with(Observed host, String name, UnaryOperator<ObservedContainer> change) {
        return new Observed(
                host.containers().stream()
                        .map(c -> c.name().equals(name) ? change.apply(c) : c)
                        .toList(),
                host.networks(),
                host.volumes());
    }

    static UnaryOperator<ObservedContainer> state(ContainerState state) {
        return c -> new ObservedContainer(
                c.record(), state, c.life(), Optional.empty(), c.ports(), c.addresses(), c.health());
    }

    static UnaryOperator<ObservedContainer> limits(UnaryOperator<Limits> change) {
        return c -> new ObservedContainer(
                c.record(), c.state(), c.life(), c.limits().map(change), c.ports(), c.addresses(), c.health());
    }

    /** That many bytes are what the file system lets it write. */
    static UnaryOperator<ObservedContainer> storage(long limit) {
        return c -> new ObservedContainer(
                c.record(),
                c.state(),
                c.life(),
                c.limits(),
                c.ports(),
                c.addresses(),
                c.health(),
                c.left(),
                Optional.of(new StorageUse(limit, 8192)));
    }

    static ContainerState exited(int code) {
        return new ContainerState.Exited(new ExitOutcome(code, NOW, false, false), true);
    }

    static MountSpec.Bind bind(Desired desired, String service) {
        return (MountSpec.Bind) desired.services().stream()
                .filter(s -> s.name().equals(service))
                .findFirst()
                .orElseThrow()
                .slots()
                .getFirst()
                .spec()
                .mounts()
                .getFirst();
    }

    private record TextFiles(Map<String, String> texts) implements FileTree {
        @Override
        public Optional<byte[]> read(String path) {
            return Optional.ofNullable(texts.get(path)).map(text -> text.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public List<Entry> list(String directory) {
            return texts.keySet().stream()
                    .filter(path -> path.indexOf('/') < 0)
                    .sorted()
                    .map(path -> new Entry(path, false))
                    .toList();
        }
    }
}
