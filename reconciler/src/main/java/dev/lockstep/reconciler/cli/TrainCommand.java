package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.WorkTree;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.reconciler.observe.Supposed;
import dev.lockstep.reconciler.plan.Facts;
import dev.lockstep.reconciler.plan.PlanJson;
import dev.lockstep.reconciler.plan.PlanMarkdown;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.plan.Planner;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.container.ContainerRehearsal;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.network.NetworkRehearsal;
import dev.lockstep.runtime.network.ObservedNetworks;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
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
    /** What the launcher starts with the cache for files. */
    private static final List<List<String>> FILES = List.of(
            List.of("--version"),
            List.of("--help"),
            List.of("help", "config"),
            List.of("config"),
            List.of("config", "--format", "json"),
            List.of("config", "--quiet"),
            List.of("config", "--services"),
            List.of("config", "--images"),
            List.of("config", "--volumes"),
            List.of("config", "--profiles"),
            List.of("config", "--variables"),
            List.of("config", "--environment"),
            List.of("config", "--hash", "*"),
            List.of("config", "--no-interpolate"),
            List.of("config", "--no-normalize", "--no-path-resolution", "web"),
            List.of("-f", "compose.yaml", "validate"),
            List.of("validate"),
            List.of("validate", "-o", "json"),
            List.of("validate", "-o", "sarif", "."),
            List.of("-f", TrainingFiles.WRONG, "config"),
            List.of("-f", TrainingFiles.WRONG, "validate"));

    /**
     * A root of their own: where containers seem to run, a build does not take the mount of the run root away again.
     */
    private static final String BUILDS = "builds";

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Exercises commands while an AOT cache is made; not for people.");
        spec.addOption(Options.flag("Only those that read nothing but files", "--files"));
        spec.addOption(Options.flag("Only those that are about images", "--images"));
        spec.addOption(Options.flag("Only builds", "--builds"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var directory = Files.createTempDirectory("lockstep-train-");
        try {
            if (call.flag("--files")) {
                TrainingFiles.write(directory, ImageReference.parse("example.com/app:1"));
                FILES.forEach(words -> run(call, directory, "root", words));
                // A file by its whole path, as scripts name it.
                var whole = directory.resolve("compose.yaml").toString();
                run(call, directory, "root", List.of("-f", whole, "config"));
            } else if (call.flag("--images")) {
                run(call, directory, "root", List.of("image", "--help"));
                try (var registry = TrainingRegistry.start()) {
                    images(call, directory, registry);
                }
            } else if (call.flag("--builds")) {
                run(call, directory, BUILDS, List.of("build", "--help"));
                build(call, directory);
            } else {
                everything(call, directory);
            }
        } finally {
            delete(directory);
        }
        return ExitCodes.OK;
    }

    private static void everything(Invocation call, Path directory) throws IOException {
        try (var registry = TrainingRegistry.start()) {
            var image = registry.absent();
            TrainingFiles.writeSmall(directory, image);
            // First where nothing is, then where all of it runs.
            commands(call, directory);
            plan(call, directory);
            rehearse(call, directory, image);
            images(call, directory, registry);
            commands(call, directory);
            withoutChanges(call, directory);
            withoutStart(call, directory, image);
            follow(call, directory);
            build(call, directory);
            // More than the engine does yet: what is read of it counts.
            var rich = Files.createDirectory(directory.resolve("rich"));
            TrainingFiles.write(rich, image);
            run(call, rich, "root", List.of("plan"));
        }
    }

    /** To the end of commands that change a host, where nothing is to be changed. */
    private static void withoutChanges(Invocation call, Path directory) throws IOException {
        var still = Files.createDirectory(directory.resolve("still"));
        Files.writeString(
                still.resolve("compose.yaml"),
                "services: {nobody: {image: example.com/app:1, network_mode: none, scale: 0}}\n");
        for (var words : List.of(List.of("apply", "-y"), List.of("up", "-d"), List.of("apply", "-y"))) {
            var named = new ArrayList<>(List.of("--project-directory", still.toString()));
            named.addAll(words);
            run(call, directory, "still-root", named);
        }
    }

    /** A volume and a container are made and taken away; what is not started asks nothing of the kernel. */
    private static void withoutStart(Invocation call, Path directory, ImageReference image) throws IOException {
        var made = Files.createDirectory(directory.resolve("made"));
        Files.writeString(made.resolve("compose.yaml"), """
                services:
                  made:
                    image: %s
                    command: ["true"]
                    network_mode: none
                    mem_limit: 32m
                    volumes: [{type: volume, source: data, target: /data, volume: {nocopy: true}}]
                volumes: {data: {}}
                """.formatted(image));
        var options = new EngineOptions(
                directory.resolve("made-root"), directory.resolve("made-root-run"), "train", Optional.empty(), true);
        try (var engine = Engine.open(options)) {
            new TrainingStack(directory).image(engine, image);
        }
        for (var words : List.of(List.of("create"), List.of("down", "-v", "-y"), List.of("create"))) {
            var named = new ArrayList<>(List.of("--project-directory", made.toString()));
            named.addAll(words);
            run(call, directory, "made-root", named);
        }
    }

    /** Builds that find all steps done. Of those that look into other stages only root may mount what they look at. */
    private static void build(Invocation call, Path directory) throws IOException {
        var training = TrainingBuild.write(directory.resolve("context"));
        var options = new EngineOptions(
                directory.resolve(BUILDS), directory.resolve(BUILDS + "-run"), "train", Optional.empty(), true);
        try (var engine = Engine.open(options)) {
            for (var dockerfile : training.dockerfiles()) {
                attempt("a build of " + dockerfile, () -> {
                    training.rehearse(engine, dockerfile);
                    return dockerfile;
                });
            }
        }
        for (var dockerfile : training.dockerfiles()) {
            var file = "context/" + dockerfile;
            for (var words : List.of(
                    List.of("build", "-t", "trained:1", "-f", file, "context/"),
                    List.of("build", "-q", "-f", file, "context/"),
                    List.of("build", "--progress=rawjson", "-f", file, "context/"))) {
                run(call, directory, BUILDS, words);
            }
        }
        var project = List.of("--project-directory", training.context().toString());
        for (var words : List.of(List.of("build"), List.of("build", "-q", "made"))) {
            var named = new ArrayList<>(project);
            named.addAll(words);
            run(call, directory, BUILDS, named);
        }
        run(call, directory, BUILDS, List.of("image", "rm", "trained:1", "trained:2"));
    }

    /** Pulls, in plain text and by TLS, and what is done with an image. */
    private static void images(Invocation call, Path directory, TrainingRegistry registry) {
        var present = registry.present().toString();
        // All of it, then the tag alone, in each form of progress.
        for (var words : List.of(
                List.of("image", "pull", present),
                List.of("image", "pull", present),
                List.of("image", "pull", "-q", present),
                List.of("image", "pull", "--format", "json", present),
                List.of("image", "ls"),
                List.of("image", "ls", "--format", "{{.ID}}"),
                List.of("image", "inspect", present),
                List.of("image", "history", present),
                List.of("image", "tag", present, "other:1"),
                List.of("image", "rm", "other:1"),
                List.of("image", "prune", "-a", "--dry-run"))) {
            run(call, directory, "root", words);
        }
        attempt("TLS", () -> {
            try (var tls = TrainingTls.start(directory, registry.digest())) {
                var name = tls.present().toString();
                run(call, directory, "root", List.of("image", "tag", present, name));
                // Verified, which fails as it should, then not.
                for (var insecure : List.of(false, true, true)) {
                    var settings = directory.resolve("agent.yaml");
                    Files.writeString(
                            settings, "registries: {\"%s\": {insecure: %s}}%n".formatted(tls.host(), insecure));
                    var environment = Map.of("LOCKSTEP_CONFIG", settings.toString());
                    run(call, directory, "root", List.of("image", "pull", "-q", name), environment);
                }
                return tls.host();
            }
        });
    }

    /** As a user calls them. */
    private static void commands(Invocation call, Path directory) {
        for (var words : List.of(
                List.of("--version"),
                List.of("validate"),
                List.of("validate", "-o", "json"),
                List.of("validate", "-o", "sarif", "."),
                List.of("lint"),
                List.of("lint", "-o", "sarif"),
                List.of("config"),
                List.of("config", "--format", "json"),
                List.of("config", "--images"),
                List.of("plan"),
                List.of("plan", "-o", "json"),
                List.of("apply", "--dry-run"),
                List.of("down", "--dry-run"),
                List.of("ps", "-a"),
                List.of("ps", "--format", "json"),
                List.of("status"),
                List.of("status", "-o", "json"),
                List.of("image", "ls"),
                List.of("logs"))) {
            run(call, directory, "root", words);
        }
    }

    /** One command with roots of its own, for somebody who may do everything: none of them needs to. */
    private static void run(Invocation call, Path directory, String root, List<String> words) {
        run(call, directory, root, words, Map.of());
    }

    private static void run(
            Invocation call, Path directory, String root, List<String> words, Map<String, String> environment) {
        var out = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        var world = new Surroundings(
                InputStream.nullInputStream(),
                out,
                out,
                Surroundings.Terminals.NONE,
                environment,
                directory,
                call.world().clock(),
                Optional.empty(),
                true);
        var args = new ArrayList<>(List.of(
                "--root",
                directory.resolve(root).toString(),
                "--run-root",
                directory.resolve(root + "-run").toString()));
        args.addAll(words);
        new CommandLineInterface(world).run(args.toArray(String[]::new));
    }

    /** A plan that makes everything, in every form, and one that finds all of it running. */
    private static void plan(Invocation call, Path directory) throws IOException {
        var nothing = new Observed(List.of(), new ObservedNetworks(List.of(), Map.of()), List.of());
        var desired = new TrainingStack(directory).desired();
        var all = new Supposed(call.world().clock().instant()).running(desired);
        var plan = Planner.plan(desired, nothing, Facts.none());
        var texts = List.of(
                new PlanText(true).print(Planner.plan(desired, all, Facts.none())),
                new PlanText(true).print(plan),
                new PlanMarkdown().print(plan),
                new PlanJson().print(plan, call.world().clock().instant()));
        if (texts.stream().anyMatch(String::isEmpty)) {
            throw new IOException("a plan printed nothing");
        }
    }

    /** Makes the stack look as if it ran, and does what its apply does first. */
    private static void rehearse(Invocation call, Path directory, ImageReference image) throws IOException {
        var options = new EngineOptions(
                directory.resolve("root"), directory.resolve("root-run"), "train", Optional.empty(), true);
        try (var engine = Engine.open(options)) {
            Flock.exclusive(directory.resolve("lock")).close();
            attempt("a registry", () -> engine.registry().resolve(image));
            new TrainingStack(directory)
                    .rehearse(engine, image, call.world().clock().instant());
            // What needs a package of the host may be missing on the machine that builds.
            attempt("nftables", () -> engine.networks().observe());
            attempt("rules of networks", () -> new NetworkRehearsal(engine.root()).isWhole());
            attempt("rules for networks", () -> new NetworkRehearsal(engine.root()).rules());
            attempt("names", () -> {
                new NetworkRehearsal(engine.root()).names();
                return engine;
            });
            attempt("cgroups", () -> new ContainerRehearsal(engine.root()).limits());
        }
    }

    /** A repository is made, fetched into a clone of ours, read, and planned as an agent does. */
    private static void follow(Invocation call, Path directory) throws IOException {
        var origin = directory.resolve("origin");
        try (var git = Git.init()
                .setDirectory(origin.toFile())
                .setInitialBranch("main")
                .call()) {
            Files.copy(directory.resolve("compose.yaml"), origin.resolve("compose.yaml"));
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
        attempt("the history of a line", () -> {
            try (var repository = WorkTree.open(origin, GitSettings.defaults())) {
                return repository
                        .lines(Duration.ofSeconds(10))
                        .flatMap(lines -> lines.of(
                                "compose.yaml", 1, 3, Optional.of("name: other\n".getBytes(StandardCharsets.UTF_8))));
            }
        });
        var url = origin.toString();
        run(
                call,
                directory,
                "agent",
                List.of("agent", "--once", "--dry-run", "--repository", url, "--ref", "main", "--host", "train"));
    }

    @FunctionalInterface
    private interface Attempt {
        Object make() throws IOException, CommandException;
    }

    private static void attempt(String what, Attempt attempt) {
        try {
            attempt.make();
        } catch (IOException | CommandException | RuntimeException | LinkageError e) {
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
