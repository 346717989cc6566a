package dev.lockstep.reconciler.cli;

import com.sun.net.httpserver.HttpServer;
import dev.lockstep.reconciler.deploy.DirectorySource;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.Placement;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.desired.Translation;
import dev.lockstep.reconciler.git.FollowedRef;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.reconciler.plan.Facts;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanJson;
import dev.lockstep.reconciler.plan.PlanMarkdown;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.plan.Planner;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.Effective;
import dev.lockstep.runtime.container.Life;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.DirectoryTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code train}: does a little of everything, so that the AOT cache written by this run holds what commands load. Needs
 * neither root nor a network, and leaves nothing behind: everything happens in a temporary directory.
 */
final class TrainCommand implements Command {
    private static final String COMPOSE = """
            name: shop
            services:
              web:
                image: REGISTRY/web:1
                ports: ["8080:80"]
                depends_on: {db: {condition: service_healthy}}
                environment: {LEVEL: "${LEVEL:-info}"}
                volumes: ["./html:/html:ro"]
                mem_limit: 64m
                cpus: 0.5
              db:
                image: REGISTRY/db:1
                restart: always
                volumes: ["data:/data"]
                healthcheck: {test: ["CMD", "true"], interval: 5s}
            volumes: {data: {}}
            """;

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Exercises commands while an AOT cache is made; not for people.");
    }

    @Override
    public int run(Invocation call) throws Exception {
        var directory = Files.createTempDirectory("lockstep-train-");
        var registry = registry();
        try {
            var address = "127.0.0.1:" + registry.getAddress().getPort();
            Files.writeString(directory.resolve("compose.yaml"), COMPOSE.replace("REGISTRY", address));
            Files.createDirectory(directory.resolve("html"));
            commands(call, directory);
            var desired = desired(directory);
            plans(call, desired);
            running(call, directory, desired);
            repository(directory);
            engine(directory, ImageReference.parse(address + "/app:1"));
        } finally {
            registry.stop(0);
            delete(directory);
        }
        return ExitCodes.OK;
    }

    /** Has no image at all, and says so at once: the HTTP client is loaded, and nobody waits for a second try. */
    private static HttpServer registry() throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(HttpURLConnection.HTTP_NOT_FOUND, -1);
            }
        });
        server.start();
        return server;
    }

    /** As a user calls them; some need root and then only say so. */
    private static void commands(Invocation call, Path directory) {
        var out = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        var world = new Surroundings(
                InputStream.nullInputStream(),
                out,
                out,
                Surroundings.Terminals.NONE,
                Map.of(),
                directory,
                call.world().clock(),
                Optional.empty());
        var roots = List.of(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString());
        for (var words : List.of(
                List.of("--version"),
                List.of("validate"),
                List.of("validate", "-o", "json"),
                List.of("config"),
                List.of("config", "--format", "json"),
                List.of("plan"),
                List.of("plan", "-o", "json"),
                List.of("apply", "--dry-run"),
                List.of("ps", "-a"),
                List.of("ps", "--format", "json"),
                List.of("status"),
                List.of("status", "-o", "json"),
                List.of("image", "ls"),
                List.of("logs"))) {
            var args = new ArrayList<>(roots);
            args.addAll(words);
            new CommandLineInterface(world).run(args.toArray(String[]::new));
        }
    }

    private static Desired desired(Path directory) throws IOException {
        var loaded = new ComposeLoader().load(LoadRequest.of(new DirectoryTree(directory)));
        if (!(loaded instanceof Loaded.Valid valid)) {
            throw new IOException("the training project is invalid: " + loaded);
        }
        var source = new DirectorySource(LoadRequest.of(new DirectoryTree(directory)), directory);
        var owner = new Owner("train", valid.project().name(), Optional.empty());
        var translation = new Translation(
                valid.project(),
                owner,
                source.files(valid.project(), valid.projectDirectory()).sources(),
                _ -> new Resolution.Unknown("nobody was asked"));
        return switch (translation.translate(Placement.ONE_HOST, Optional.empty())) {
            case Translation.Result.Translated(var desired) -> desired;
            case Translation.Result.Refused(var problems) ->
                throw new IOException("the training project is refused: " + problems);
        };
    }

    private static void plans(Invocation call, Desired desired) throws IOException {
        var nothing = new Observed(List.of(), new ObservedNetworks(List.of(), Map.of()), List.of());
        Plan plan = Planner.plan(desired, nothing, Facts.none());
        var texts = List.of(
                new PlanText(true).print(plan),
                new PlanMarkdown().print(plan),
                new PlanJson().print(plan, call.world().clock().instant()));
        if (texts.stream().anyMatch(String::isEmpty)) {
            throw new IOException("a plan printed nothing");
        }
    }

    /** Containers as if the project ran here; their records go to a file and come back. */
    private static List<ObservedContainer> containers(Path directory, Desired desired, Instant now) throws IOException {
        var root = Root.open(directory.resolve("root"), directory.resolve("run"));
        var records = root.stateFile(ContainerRecord.class, 1);
        var file = directory.resolve("record.json");
        var containers = new ArrayList<ObservedContainer>();
        for (var service : desired.services()) {
            for (var slot : service.slots()) {
                var spec = slot.spec();
                var limits = Limits.of(spec.resources());
                var effective = new Effective(
                        spec.digest(),
                        "runc",
                        List.of("sh"),
                        Map.of("PATH", "/bin"),
                        "",
                        "/",
                        "train",
                        List.of("CAP_KILL"),
                        spec.digest(),
                        "SIGTERM",
                        Duration.ofSeconds(10),
                        limits,
                        Optional.empty(),
                        Map.of());
                records.write(
                        file,
                        new ContainerRecord(
                                "0".repeat(64), spec, Optional.of(effective), ContainerRecord.Phase.CREATED, now));
                containers.add(new ObservedContainer(
                        records.read(file).orElseThrow(),
                        new ContainerState.Running(1, now, true),
                        Life.NEW,
                        Optional.of(limits),
                        spec.ports(),
                        List.of(),
                        Optional.empty()));
            }
        }
        return containers;
    }

    /** Compares a project that runs with itself and with nothing, and shows what runs. */
    private static void running(Invocation call, Path directory, Desired desired) throws IOException {
        var now = call.world().clock().instant();
        var containers = containers(directory, desired, now);
        var observed = new Observed(containers, new ObservedNetworks(List.of(), Map.of()), List.of());
        var plan = Planner.plan(desired, observed, Facts.none());
        var rows = containers.stream()
                .map(c -> ContainerRow.of(c, Optional.empty(), now))
                .toList();
        if (new PlanText(false).print(plan).isEmpty()
                || PsCommand.table(rows).isEmpty()
                || rows.stream().map(r -> JsonText.line(r::write)).anyMatch(String::isEmpty)) {
            throw new IOException("a table printed nothing");
        }
    }

    /** A repository is made, fetched into a clone of ours, and read. */
    private static void repository(Path directory) throws IOException {
        var origin = directory.resolve("origin");
        try (var git = Git.init()
                .setDirectory(origin.toFile())
                .setInitialBranch("main")
                .call()) {
            Files.writeString(origin.resolve("compose.yaml"), COMPOSE);
            git.add().addFilepattern(".").call();
            git.commit()
                    .setMessage("Train")
                    .setAuthor("train", "train@localhost")
                    .setCommitter("train", "train@localhost")
                    .setSign(false)
                    .call();
        } catch (GitAPIException e) {
            throw new IOException("the training repository cannot be made: " + e.getMessage(), e);
        }
        var root = Root.open(directory.resolve("root"), directory.resolve("run"));
        try (var source = new GitRepositories(root, GitSettings.defaults()).open(Remote.parse(origin.toString()))) {
            var revision = source.fetch(new FollowedRef("main")).revision();
            var tree = source.open(revision);
            if (!(new ComposeLoader().load(LoadRequest.of(tree).withDefaultName("shop")) instanceof Loaded.Valid)) {
                throw new IOException("the training repository has no valid project");
            }
        }
    }

    /** What needs a package of the host may be missing on the machine that builds. */
    private static void engine(Path directory, ImageReference image) throws IOException {
        var options =
                new EngineOptions(directory.resolve("root"), directory.resolve("run"), "train", Optional.empty(), true);
        try (var engine = Engine.open(options)) {
            Flock.exclusive(directory.resolve("lock")).close();
            attempt("containers", () -> engine.containers().observe());
            attempt("volumes", () -> engine.volumes().list());
            attempt("images", () -> engine.images().list());
            attempt("registry", () -> engine.registry().resolve(image));
            attempt("networks", () -> engine.networks().observe());
        }
    }

    @FunctionalInterface
    private interface Attempt {
        Object make() throws IOException;
    }

    private static void attempt(String what, Attempt attempt) {
        try {
            attempt.make();
        } catch (IOException | RuntimeException | LinkageError e) {
            LoggerFactory.getLogger(TrainCommand.class).debug("trained without {}: {}", what, e.toString());
        }
    }

    private static void delete(Path tree) throws IOException {
        Files.walkFileTree(tree, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
