package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.plan.Wishes;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerException;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.Containers;
import dev.lockstep.runtime.container.DetachKeys;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;

/** {@code run}: a container of its own for one program, made like those of a service. */
final class RunCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Runs one program in a container of its own, made like those of a service, and starts first what"
                                + " the service depends on.",
                        "Exit codes: the program's own; 125 engine, 126 cannot be run, 127 not found.");
        spec.parser().stopAtPositional(true); // what follows belongs to the program
        spec.addOption(Options.flag("Return as soon as it runs, and print its id", "-d", "--detach"));
        spec.addOption(Options.flag("Remove the container when it has ended", "--rm"));
        spec.addOption(Options.flag("No terminal (default: one where there is one)", "-T", "--no-TTY"));
        spec.addOption(Options.flag("Accepted: there is a terminal where there is one", "-t", "--tty"));
        Options.switchedOn("Input is connected (default; =false leaves it open)", "-i", "--interactive")
                .forEach(spec::addOption);
        spec.addOption(Options.values("CAPABILITY", "With this capability, too", "--cap-add"));
        spec.addOption(Options.values("CAPABILITY", "Without it", "--cap-drop"));
        spec.addOption(Options.values("NAME[=VALUE]", "Environment variable", "-e", "--env"));
        spec.addOption(Options.values("SOURCE:TARGET[:MODE]", "Mount this, too", "-v", "--volume"));
        spec.addOption(Options.values("[[IP:]HOST:]PORT", "Publish this port", "-p", "--publish"));
        spec.addOption(Options.flag("Publish the service's own ports", "-P", "--service-ports"));
        spec.addOption(Options.flag("Be found by the service's names", "--use-aliases"));
        spec.addOption(Options.value("PROGRAM", "Instead of the entrypoint; split into words", "--entrypoint"));
        spec.addOption(Options.value("USER", "user[:group], names or numbers", "-u", "--user"));
        spec.addOption(Options.value("DIR", "Working directory", "-w", "--workdir"));
        spec.addOption(Options.values("NAME=VALUE", "Label", "-l", "--label"));
        spec.addOption(Options.value("NAME", "Name of the container", "--name"));
        spec.addOption(Options.flag("Not what the service depends on", "--no-deps"));
        spec.addOption(Options.flag("Remove containers of services that the files do not name", "--remove-orphans"));
        spec.addOption(Options.flag("No progress of pulls", "--quiet-pull"));
        spec.addOption(Options.flag("Build the images first, also those that are here", "--build"));
        spec.addOption(Options.dryRun());
        spec.addPositional(Options.arguments("SERVICE [COMMAND] [ARGS...]", "1..*", "Service, and a program"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var service = call.arguments().getFirst();
        var files = new ProjectFiles(call);
        var loaded = files.loadOrTell();
        if (loaded.isEmpty()) {
            return files.exitCode();
        }
        var project = loaded.get().project();
        var all = new TreeSet<>(project.services().keySet());
        all.addAll(project.disabled().keySet());
        Stack.require(List.of(service), all);
        var scoped = files.withServices(List.of(service));
        if (scoped.load() instanceof Loaded.Valid valid) {
            var needed = call.flag("--no-deps")
                    ? Set.of(service)
                    : new TreeSet<>(valid.project().services().keySet());
            new ServiceBuild(call).before(valid, needed);
        }
        try (var change = StackChange.begin(call, project.name())) {
            var planned = change.deployment().plan(scoped.source(), options(call, scoped, service, all));
            ProjectFiles.tellWarnings(planned.warnings(), call.world().err());
            return switch (planned) {
                case Planned.Invalid invalid -> {
                    ProjectFiles.tell(invalid.errors(), call.world().err());
                    yield scoped.exitCode();
                }
                case Planned.Ready ready
                when !ready.plan().problems().isEmpty() -> {
                    ProjectFiles.tell(ready.plan().problems(), call.world().err());
                    yield ExitCodes.ERROR;
                }
                case Planned.Ready ready
                when !ready.plan().refusals().isEmpty() -> {
                    ready.plan().refusals().forEach(call::say);
                    yield ExitCodes.REFUSED;
                }
                case Planned.Ready ready -> run(call, change, ready, project, service);
            };
        }
    }

    /** What the service depends on is applied as by {@code up}; of the service itself only networks and volumes. */
    private static PlanOptions options(Invocation call, ProjectFiles scoped, String service, Set<String> all) {
        var wanted = scoped.load() instanceof Loaded.Valid valid && !call.flag("--no-deps")
                ? new HashSet<>(valid.project().services().keySet())
                : new HashSet<String>();
        wanted.remove(service);
        var untouched = new HashSet<>(all);
        untouched.removeAll(wanted);
        return PlanOptions.byHand(call.flag("--remove-orphans"), false, Optional.empty())
                .forUp(new Wishes(untouched, Set.of(), false, false, true, false), Map.of(service, 1));
    }

    private static int run(Invocation call, StackChange change, Planned.Ready ready, Project project, String service)
            throws Exception {
        var desired = ready.desired().services().stream()
                .filter(s -> s.name().equals(service))
                .findFirst()
                .orElseThrow(() -> new CommandException("service \"" + service + "\" has no image to run"));
        var slot = desired.slots().getFirst();
        // Before anything is made: where there is no image, nothing is left of the attempt.
        var images = call.dryRun() ? Map.<ImageReference, Digest>of() : images(call, change.engine(), slot);
        var applied = change.run(ready.plan(), ready.beforeStart(), Optional.empty());
        if (applied != ExitCodes.OK) {
            return applied;
        }
        if (!call.flag("--no-deps")) {
            for (var gate : desired.dependsOn().entrySet()) {
                change.await(gate.getKey(), gate.getValue());
            }
        }
        if (call.dryRun()) {
            ComposeProgress.of(call).line("Container " + OneOff.name(call, slot.spec()), "Started");
            return ExitCodes.OK;
        }
        ContainerRecord container;
        try {
            container = make(call, change.engine(), slot, images, ready.beforeStart(), project);
        } catch (ContainerException e) {
            throw new CommandException(String.valueOf(e.getMessage()), ExitCodes.ENGINE);
        }
        change.release(); // for as long as the program runs others may change the stack
        return start(call, change.engine(), container);
    }

    private static ContainerRecord make(
            Invocation call,
            Engine engine,
            DesiredContainer wanted,
            Map<ImageReference, Digest> images,
            BeforeStart beforeStart,
            Project project)
            throws IOException, CommandException {
        var spec = new OneOff(call, project, engine).of(wanted.spec(), hasTerminal(call));
        spec = spec.withDigest(Objects.requireNonNull(images.get(spec.image())));
        var mounts = new ArrayList<MountSpec>();
        for (var mount : spec.mounts()) {
            mounts.add(
                    mount instanceof MountSpec.OfImage image
                            ? image.withDigest(Objects.requireNonNull(images.get(image.image())))
                            : mount);
        }
        spec = spec.withMounts(mounts);
        beforeStart.materialise(wanted.spec());
        beforeStart.install(wanted.spec());
        var made = engine.containers().create(spec);
        beforeStart.provide(spec);
        return made;
    }

    /** Which ones those are that it is made of; pulls what is not here. */
    private static Map<ImageReference, Digest> images(Invocation call, Engine engine, DesiredContainer wanted)
            throws IOException, CommandException {
        var images = new HashMap<ImageReference, Digest>();
        for (var mounted : wanted.mounted().entrySet()) {
            images.put(mounted.getKey(), present(call, engine, mounted.getKey(), mounted.getValue()));
        }
        images.put(wanted.spec().image(), present(call, engine, wanted.spec().image(), wanted.image()));
        return images;
    }

    /** Pulls the image unless it is here, and says which one it is. */
    private static Digest present(Invocation call, Engine engine, ImageReference reference, Resolution resolution)
            throws IOException, CommandException {
        var known = resolution.known();
        if (known.isPresent() && engine.images().find(known.get()).isPresent()) {
            return known.get();
        }
        try (var progress = LayerProgress.onStandardError(call)) {
            var image = known.isPresent()
                    ? engine.pull(reference, known.get(), progress)
                    : engine.pull(reference, progress);
            return image.digest();
        } catch (IOException e) {
            throw new CommandException(Sentences.of(e), ExitCodes.COMPOSE_PULL);
        }
    }

    private static boolean hasTerminal(Invocation call) {
        var terminals = call.world().terminals();
        return !call.flag("--no-TTY") && !call.flag("--detach") && terminals.in() && terminals.out();
    }

    private static int start(Invocation call, Engine engine, ContainerRecord container)
            throws IOException, CommandException {
        Containers.Attendance attendance =
                call.flag("--rm") ? engine.containers().removeWhenEnded(container.id()) : () -> {};
        var gone = false;
        try {
            if (call.flag("--detach")) {
                try {
                    engine.containers().start(container.id());
                } catch (ContainerException e) {
                    throw Foreground.failed(e);
                }
                call.world().out().println(container.id());
                gone = true; // it stays, with --rm until it ends
                return ExitCodes.OK;
            }
            var raw = hasTerminal(call);
            var code = new Foreground(call, engine, raw, !call.off("--interactive"), true, DetachKeys.DEFAULT)
                    .start(container);
            gone = code.isEmpty();
            return code.orElse(ExitCodes.OK);
        } finally {
            try (attendance) {
                if (call.flag("--rm") && !gone) {
                    LooseContainer.remove(engine, container, true);
                } else if (!gone) {
                    engine.containers().finishExit(container.id());
                }
            }
        }
    }
}
