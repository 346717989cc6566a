package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.ImageGate;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.spec.settings.ImagePolicy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image}: what can be done with images, one class each. */
final class ImageCommand implements Command {
    private final SequencedMap<String, Command> subcommands = new LinkedHashMap<>();

    ImageCommand() {
        subcommands.put("import", new Import());
        subcommands.put("pull", new Pull());
        subcommands.put("ls", new ImageList());
        subcommands.put("tag", new ImageTag());
        subcommands.put("rm", new ImageRemove());
        subcommands.put("inspect", new ImageInspect());
        subcommands.put("history", new ImageHistory());
        subcommands.put("save", new ImageSave());
        subcommands.put("load", new ImageLoad());
        subcommands.put("unpack", new ImageUnpack());
        subcommands.put("prune", new ImagePrune());
        subcommands.put("verify", new ImageVerify());
        subcommands.putAll(RegistryCommands.byName());
    }

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Gets, lists, changes and removes images.");
    }

    @Override
    public Map<String, Command> subcommands() {
        return subcommands;
    }

    @Override
    public int run(Invocation call) {
        throw new IllegalStateException("one of the subcommands is run");
    }

    /** What a person calls an image. */
    static ImageReference reference(String text) throws CommandException {
        try {
            return ImageReference.parse(text);
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
    }

    private static final class Import implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Imports the images of an archive: what 'docker save' writes, or an OCI layout.");
            spec.addPositional(Options.arguments(
                    "FILE|- [REFERENCE]",
                    "1..2",
                    "Archive or directory, - for standard input; a name for its only image"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var file = call.arguments().getFirst();
            Optional<ImageReference> name = call.arguments().size() > 1
                    ? Optional.of(reference(call.arguments().get(1)))
                    : Optional.empty();
            try (var engine = EngineDoor.of(call).open()) {
                var imported = file.equals("-")
                        ? engine.images().importArchive(call.world().in(), name, Progress.NONE)
                        : engine.images().importArchive(call.world().directory().resolve(file), name, Progress.NONE);
                for (var image : imported) {
                    // Unpacked now, so that the first start of a container need not.
                    var whole = engine.images().find(image.digest());
                    if (whole.isPresent()) {
                        engine.snapshots().unpack(whole.get(), Progress.NONE);
                    }
                    call.world()
                            .out()
                            .println("Imported "
                                    + image.reference()
                                            .map(ImageReference::familiar)
                                            .orElse("an image without a name")
                                    + " " + image.digest());
                }
                return ExitCodes.OK;
            }
        }
    }

    private static final class Pull implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description(
                            "Pulls an image from its registry.",
                            "Exit codes: 0 pulled, 1 error, 5 refused by the rules of " + HostSettings.FILE + ".");
            spec.addOption(Options.flag("Print only what was pulled", "-q", "--quiet"));
            spec.addPositional(Options.arguments("REFERENCE", "1", "The image"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var reference = reference(call.arguments().getFirst());
            var door = EngineDoor.of(call);
            try (var engine = door.open()) {
                var policy = door.settings().images();
                Optional<Digest> checked = Optional.empty();
                if (!policy.equals(ImagePolicy.NONE)) {
                    checked = Optional.of(engine.registry().resolve(reference));
                    var refusals =
                            new ImageGate(engine, policy).refusals(reference, new Resolution.Remote(checked.get()));
                    if (!refusals.isEmpty()) {
                        refusals.forEach(why -> call.say("Refused: " + reference.familiar() + ": " + why));
                        return ExitCodes.REFUSED;
                    }
                }
                Image image;
                try (var progress = PullProgress.of(call)) {
                    image = checked.isPresent()
                            ? engine.pull(reference, checked.get(), progress)
                            : engine.pull(reference, progress);
                }
                call.world().out().println("Pulled " + reference.familiar() + " " + image.digest());
                return ExitCodes.OK;
            }
        }
    }
}
