package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.content.StackFiles;
import dev.lockstep.reconciler.deploy.BuiltImages;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.StackImages;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.history.AppliedFiles;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.reconciler.plan.StackPart;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.prune.ImageRemoval;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.settings.HostPolicy;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code down}: a stack's containers and networks go, or those of some of its services; its data goes only with
 * {@code -v}. Needs no files.
 */
final class DownCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Stops and removes a stack's containers and networks, or those of services that nothing else is"
                                + " on. 'lockstep -p STACK down' needs no files.");
        spec.addOption(Options.flag(
                "Remove volumes and the stack's own files too: ALL DATA IN THEM IS DESTROYED", "-v", "--volumes"));
        spec.addOption(Options.flag(
                "With services: also what the files do not name, and what 'run' made for them; else all goes anyway",
                "--remove-orphans"));
        spec.addOption(
                Options.value("SECONDS", "Kill containers that have not ended after that time", "-t", "--timeout"));
        spec.addOption(Options.value(
                "TIME", "How long to wait for another apply of the stack (default 60)", "--lock-timeout"));
        spec.addOption(Options.value(
                "WHICH",
                "Remove images too, but those that others use: local, those that were built here without a name of their"
                        + " own; all, those and the images of its containers",
                "--rmi"));
        spec.addOption(Options.flag("Accepted: nothing is asked", "-y", "--yes"));
        spec.addOption(Options.flag("Show the plan and change nothing", "--dry-run"));
        spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only these services"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var grace = call.duration("--timeout");
        call.choice("--rmi", "local", List.of("local", "all"));
        var lockTimeout = call.duration("--lock-timeout").orElse(ApplyCommand.LOCK_TIMEOUT);
        var door = EngineDoor.of(call);
        var files = new ProjectFiles(call);
        var stack = files.name();
        if (!stack.matches("[a-z0-9][a-z0-9_-]*")) {
            throw new CommandException("\"" + stack + "\" is no name of a stack: lower-case letters, digits, - and _");
        }
        var part = part(call);
        if (!door.hasRoot()) {
            return nothing(call, stack);
        }
        if (call.dryRun()) {
            try (var engine = door.openForReading()) {
                call.world()
                        .out()
                        .print(new PlanText(call.world()
                                        .colour(call.world().terminals().out()))
                                .print(new Deployment(
                                                engine,
                                                door.host(),
                                                ImagePolicy.NONE,
                                                HostPolicy.CLOSED,
                                                door.secrets())
                                        .planDown(
                                                stack,
                                                call.flag("--volumes"),
                                                project(files, stack, call.flag("--volumes")),
                                                part)));
                for (var image : images(call, engine, files, stack, part)) {
                    if (engine.images().find(image).isPresent()) {
                        ComposeProgress.of(call).line("Image " + image.familiar(), "Removed");
                    }
                }
                return ExitCodes.OK;
            }
        }
        return down(call, door, files, stack, part, lockTimeout, grace);
    }

    /** What of the stack is meant; absent: all of it. */
    private static Optional<StackPart> part(Invocation call) throws CommandException {
        if (call.arguments().isEmpty()) {
            return Optional.empty();
        }
        var stack = Stack.of(call);
        var known = stack.byName() ? Set.<String>of() : Set.copyOf(stack.services());
        // Where no file tells, one that is not there may be down already.
        if (!known.isEmpty()) {
            Stack.require(call.arguments(), known);
        }
        return Optional.of(new StackPart(Set.copyOf(call.arguments()), known, call.flag("--remove-orphans")));
    }

    /** Takes the stack, or the part of it, down, under its lock. */
    static int down(
            Invocation call,
            EngineDoor door,
            ProjectFiles files,
            String stack,
            Optional<StackPart> part,
            Duration lockTimeout,
            Optional<Duration> grace)
            throws IOException, InterruptedException, CommandException {
        try (var engine = door.open()) {
            try (var _ = StackLock.take(
                    engine.root(),
                    stack,
                    lockTimeout,
                    holder -> call.say("Waiting for " + holder + ", which changes stack " + stack + "."))) {
                return down(call, door, engine, files, stack, part, grace);
            }
        }
    }

    private static int nothing(Invocation call, String stack) {
        call.say("Warning: No resource found to remove for project \"" + stack + "\".");
        return ExitCodes.OK;
    }

    private static int down(
            Invocation call,
            EngineDoor door,
            Engine engine,
            ProjectFiles files,
            String stack,
            Optional<StackPart> part,
            Optional<Duration> grace)
            throws IOException, CommandException {
        var volumes = call.flag("--volumes");
        var plan = new Deployment(engine, door.host(), ImagePolicy.NONE, HostPolicy.CLOSED, door.secrets())
                .planDown(stack, volumes, project(files, stack, volumes), part);
        plan.warnings().forEach(warning -> call.say("Warning: " + Printable.text(warning)));
        var images = images(call, engine, files, stack, part);
        var statuses = new StatusFiles(engine.root());
        var status = statuses.read(stack);
        if (plan.isEmpty() && (part.isPresent() || status.isEmpty())) {
            if (part.isEmpty()) {
                forget(call, engine, stack); // its services may have gone one by one
            }
            return remove(call, engine, images) ? ExitCodes.OK : nothing(call, stack);
        }
        var run = new PlanRun(call, engine, plan);
        var begin = System.nanoTime();
        try (var health = engine.containers().healthMonitor((_, _) -> {})) {
            var results = run.run(listener -> new Applier(engine, health, BeforeStart.NOTHING, listener, grace));
            var took = Duration.ofNanos(System.nanoTime() - begin);
            var done = PlanRun.succeeded(results);
            if (!plan.isEmpty()) {
                run.remember(
                        results,
                        done ? Outcome.CONVERGED : Outcome.FAILED,
                        done ? part.map(DownCommand::words).orElse("taken down") : PlanRun.firstFailure(results),
                        took);
            }
            if (!done) {
                call.world().out().println(PlanRun.summary(results, took));
                return ExitCodes.ERROR;
            }
            if (part.isEmpty()) {
                forget(call, engine, stack);
                if (status.filter(StackStatus::orphaned).isPresent() || !EngineDoor.agentRuns(engine.root())) {
                    statuses.remove(stack);
                }
            }
            remove(call, engine, images);
            call.world().out().println(PlanRun.summary(results, took));
            call.world().out().flush();
            run.tellAgent(door.settings());
            return ExitCodes.OK;
        }
    }

    /** What is kept of a stack beside what runs; its files only go with its volumes. */
    private static void forget(Invocation call, Engine engine, String stack) throws IOException {
        new StackImages(engine.images().roots(), stack).forget();
        new RevisionFiles(engine.root(), stack).forget();
        new AppliedFiles(engine.root()).forget(stack);
        if (call.flag("--volumes")) {
            new StackFiles(engine.root(), stack, call.world().clock()).delete();
        }
    }

    private static String words(StackPart part) {
        return "taken down: " + String.join(", ", new TreeSet<>(part.named()));
    }

    /** The stack's project, where somebody asks for it and its files are here and are in order. */
    private static Optional<Project> project(ProjectFiles files, String stack, boolean asked) {
        return asked
                        && files.load() instanceof Loaded.Valid valid
                        && valid.project().name().equals(stack)
                ? Optional.of(valid.project())
                : Optional.empty();
    }

    /** What {@code --rmi} asks for, by name. */
    private static Set<ImageReference> images(
            Invocation call, Engine engine, ProjectFiles files, String stack, Optional<StackPart> part)
            throws IOException, CommandException {
        var which = call.text("--rmi");
        var images = new LinkedHashSet<ImageReference>();
        if (which.isEmpty()) {
            return images;
        }
        var ofStack = engine.containers().observe().stream()
                .filter(c -> c.record().spec().owner().stack().equals(stack))
                .toList();
        var going = part.map(p -> p.containers(ofStack)).orElse(ofStack);
        var named = part.map(p -> p.services(ofStack));
        var project = project(files, stack, true);
        var services = project.stream()
                .flatMap(p -> Stream.concat(p.services().values().stream(), p.disabled().values().stream()))
                .toList();
        for (var service : services) {
            // With a name of its own it may be anybody's.
            if (service.image().reference().isEmpty()
                    && named.filter(some -> !some.contains(service.name())).isEmpty()) {
                BuiltImages.reference(project.get(), service).ifPresent(images::add);
            }
        }
        var known = services.stream().map(Service::name).collect(Collectors.toSet());
        for (var container : going) {
            var spec = container.record().spec();
            var all = which.get().equals("all");
            if (all || !known.contains(spec.service()) && isNamedHere(stack, spec)) {
                images.add(spec.image());
            }
        }
        return images;
    }

    /** Where no file tells: whether it has the name that what is built for a service gets. */
    private static boolean isNamedHere(String stack, ContainerSpec spec) {
        return !spec.service().isEmpty() && spec.image().familiar().equals(stack + "-" + spec.service() + ":latest");
    }

    /** Whether any was there. One that somebody else uses is no failure, as with Compose. */
    private static boolean remove(Invocation call, Engine engine, Set<ImageReference> images) throws IOException {
        var any = false;
        for (var image : images) {
            var name = " Image " + Printable.text(image.familiar()) + "  ";
            switch (engine.housekeeping().remove(image.familiar(), false)) {
                case ImageRemoval.Removed _ -> {
                    call.world().err().println(name + "Removed");
                    any = true;
                }
                case ImageRemoval.Refused(var why) -> {
                    call.world().err().println(name + "Resource is still in use");
                    call.say(why);
                    any = true;
                }
                case ImageRemoval.NotHere _ -> {
                    // Somebody was faster, or it was never built.
                }
            }
        }
        return any;
    }
}
