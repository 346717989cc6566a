package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.ImageGate;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerException;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.Containers;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code container run} and {@code container create}: a container that belongs to no stack. */
final class ContainerRun implements Command {
    private final boolean runs;

    /** @param runs false: it is made, and not started */
    ContainerRun(boolean runs) {
        this.runs = runs;
    }

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        runs
                                ? "Makes a container that belongs to no stack, starts it, and stays with it unless -d."
                                : "Makes a container that belongs to no stack, does not start it, and prints its id.",
                        "Exit codes: "
                                + (runs
                                        ? "the program's own; 125 engine, 126 cannot be run, 127 not found."
                                        : "0, 1; 125 for a flag that makes no sense."));
        spec.parser().stopAtPositional(true); // what follows belongs to the program
        RunFlags.addTo(spec);
        spec.addOption(Options.flag("Remove it when it has ended", "--rm"));
        if (runs) {
            spec.addOption(Options.flag("Return as soon as it runs, and print its id", "-d", "--detach"));
            spec.addOption(Options.value(
                    "KEYS", "What is typed to leave it running (default ctrl-p,ctrl-q)", "--detach-keys"));
            Options.switchedOn("Pass signals on to it (default; =false does not)", "--sig-proxy")
                    .forEach(spec::addOption);
        }
        spec.addPositional(Options.arguments("IMAGE [COMMAND] [ARGS...]", "1..*", "Image, and a program"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        try {
            return tryRun(call);
        } catch (CommandException e) {
            // An exit code of the program's could not be told from one of ours.
            throw runs && e.exitCode() == ExitCodes.ERROR
                    ? new CommandException(String.valueOf(e.getMessage()), ExitCodes.ENGINE)
                    : e;
        }
    }

    private int tryRun(Invocation call) throws Exception {
        var detached = call.flag("--detach") || !runs;
        var keys = Foreground.keys(call);
        var terminals = call.world().terminals();
        if (!detached && call.flag("--tty") && call.flag("--interactive") && !terminals.in()) {
            throw new CommandException("the input device is not a TTY", ExitCodes.ERROR);
        }
        if (call.flag("--rm")
                && call.text("--restart").filter(when -> !when.equals("no")).isPresent()) {
            throw new CommandException("conflicting options: cannot specify both --restart and --rm");
        }
        var idFile = call.text("--cidfile").map(f -> call.world().directory().resolve(f));
        if (idFile.filter(Files::exists).isPresent()) {
            throw new CommandException("the file " + idFile.get() + " is there already; it may be another container's");
        }
        var words = call.arguments().subList(1, call.arguments().size());
        var said = RunDocument.of(call, call.arguments().getFirst(), words);
        var project = LooseContainer.project(call, said);
        var door = EngineDoor.of(call);
        try (var engine = door.open()) {
            var image = image(call, engine, door.settings().images());
            var loose = new LooseContainer(call, engine, door.host(), said, project, image);
            ContainerRecord container;
            try {
                container = loose.create();
            } catch (ContainerException e) {
                throw new CommandException(String.valueOf(e.getMessage()));
            }
            if (idFile.isPresent()) {
                Files.writeString(idFile.get(), container.id());
            }
            if (!runs) {
                if (call.flag("--rm")) {
                    engine.containers().removeWhenEnded(container.id()).close();
                }
                call.world().out().println(container.id());
                return ExitCodes.OK;
            }
            return start(call, engine, container, detached, terminals, keys);
        }
    }

    private static int start(
            Invocation call,
            Engine engine,
            ContainerRecord container,
            boolean detached,
            Surroundings.Terminals terminals,
            dev.lockstep.runtime.container.DetachKeys keys)
            throws IOException, CommandException {
        Containers.Attendance attendance =
                call.flag("--rm") ? engine.containers().removeWhenEnded(container.id()) : () -> {};
        var raw = call.flag("--tty") && call.flag("--interactive") && terminals.in() && terminals.out();
        var left = false;
        try {
            if (detached) {
                try {
                    engine.containers().start(container.id());
                } catch (ContainerException e) {
                    throw Foreground.failed(e);
                }
                call.world().out().println(container.id());
                left = true; // it stays, with --rm until it ends
                return ExitCodes.OK;
            }
            var code = new Foreground(call, engine, raw, call.flag("--interactive"), !call.off("--sig-proxy"), keys)
                    .start(container);
            left = code.isEmpty();
            return code.orElse(ExitCodes.OK);
        } finally {
            try (attendance) {
                if (call.flag("--rm") && !left) {
                    LooseContainer.remove(engine, container, true);
                } else if (!left) {
                    engine.containers().finishExit(container.id());
                }
            }
        }
    }

    /** The image that is meant, which may run here. */
    private static LooseContainer.Wanted image(Invocation call, Engine engine, ImagePolicy policy)
            throws IOException, CommandException {
        var when = call.choice("--pull", "missing", List.of("always", "missing", "never"));
        var text = call.arguments().getFirst();
        ImageReference reference;
        try {
            reference = ImageReference.parse(text);
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
        if (when.equals("always")) {
            return new LooseContainer.Wanted(reference, pulled(call, engine, policy, reference));
        }
        var here = engine.images().find(reference);
        if (here.isEmpty()) {
            here = engine.images()
                    .catalog()
                    .find(text)
                    .flatMap(match -> match.image().whole());
        }
        if (here.isPresent()) {
            if (!policy.equals(ImagePolicy.NONE)) {
                var image = here.get();
                var refusals = new ImageGate(engine, policy)
                        .refusals(reference, new Resolution.Local(image.digest(), image.config()));
                if (!refusals.isEmpty()) {
                    throw new CommandException(
                            "Refused: " + reference.familiar() + ": " + String.join("; ", refusals), ExitCodes.REFUSED);
                }
            }
            return new LooseContainer.Wanted(reference, here.get());
        }
        if (when.equals("never")) {
            throw new CommandException("No such image: " + reference.familiar());
        }
        call.say("Unable to find image '" + reference.familiar() + "' locally");
        return new LooseContainer.Wanted(reference, pulled(call, engine, policy, reference));
    }

    private static Image pulled(Invocation call, Engine engine, ImagePolicy policy, ImageReference reference)
            throws IOException, CommandException {
        try (var progress = LayerProgress.onStandardError(call)) {
            return new AllowedPull(engine, policy).pull(reference, progress);
        } catch (IOException e) {
            throw new CommandException(Sentences.of(e));
        }
    }

    /** {@code container start}, also with a person who stays. */
    static final class Start implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Starts stopped containers; with -a or -i one of them, and stays with it.");
            spec.addOption(Options.flag("Show what it writes, and end with its exit code", "-a", "--attach"));
            spec.addOption(Options.flag("Connect its input, too", "-i", "--interactive"));
            spec.addOption(Options.value(
                    "KEYS", "What is typed to leave it running (default ctrl-p,ctrl-q)", "--detach-keys"));
            spec.addOption(Options.refusedValue(
                    "processes are not frozen to disk and thawed: there are no checkpoints",
                    "--checkpoint",
                    "--checkpoint-dir"));
            spec.addPositional(Options.arguments("CONTAINER...", "1..*", "Names or ids"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            if (!call.flag("--attach") && !call.flag("--interactive")) {
                return ContainerCommand.each(call, (_, engine, container) -> {
                    engine.containers().start(container.id());
                    return Optional.empty();
                });
            }
            if (call.arguments().size() > 1) {
                throw new CommandException("you cannot start and attach multiple containers at once");
            }
            var keys = Foreground.keys(call);
            try (var engine = EngineDoor.of(call).open()) {
                var container = By.named(engine, call.arguments().getFirst());
                var process = container.record().spec().options().process();
                var terminals = call.world().terminals();
                var input = call.flag("--interactive") && process.stdinOpen();
                var raw = process.tty() && input && terminals.in() && terminals.out();
                var code = new Foreground(call, engine, raw, input, true, keys).start(container.record());
                if (code.isPresent()) {
                    engine.containers().finishExit(container.id());
                }
                return code.orElse(ExitCodes.OK);
            } catch (ContainerException e) {
                throw new CommandException(String.valueOf(e.getMessage()));
            }
        }
    }
}
