package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image}: what can be done with images, one class each. */
final class ImageCommand implements CommandGroup {
    private final SequencedMap<String, Command> subcommands = new LinkedHashMap<>();

    ImageCommand() {
        subcommands.put("import", new Import());
        subcommands.put("pull", new Pull());
        subcommands.put("ls", new ImageList());
        subcommands.put("tag", new ImageTag());
        subcommands.put("rm", new ImageRemove());
        subcommands.put("inspect", new ImageInspect());
        subcommands.put("referrers", new ImageReferrers());
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
                    .description(
                            "Imports the images of an archive: what 'docker save' writes, or an OCI layout.",
                            "With --rootfs makes an image of one layer from the tar archive of a root file system.");
            spec.addOption(Options.flag("The archive is a root file system and no image", "--rootfs"));
            spec.addOption(Options.values(
                    "INSTRUCTION",
                    "With --rootfs: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, VOLUME, WORKDIR, STOPSIGNAL, HEALTHCHECK"
                            + " or ONBUILD, as in a Dockerfile; several may be given",
                    "-c",
                    "--change"));
            spec.addOption(Options.value("TEXT", "With --rootfs: a line for the image's history", "-m", "--message"));
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
            if (!call.flag("--rootfs")
                    && (!call.texts("--change").isEmpty()
                            || call.text("--message").isPresent())) {
                throw new CommandException("--change and --message go with --rootfs: an image says itself how it runs");
            }
            try (var engine = EngineDoor.of(call).open()) {
                if (call.flag("--rootfs")) {
                    call.world().out().println(rootfs(call, engine, file, name));
                    return ExitCodes.OK;
                }
                var imported = file.equals("-")
                        ? engine.images().importArchive(call.world().in(), name, Progress.NONE)
                        : engine.images().importArchive(call.world().directory().resolve(file), name, Progress.NONE);
                for (var image : imported) {
                    // Unpacked now, so that the first start of a container need not.
                    var whole = engine.images().find(image.digest());
                    if (whole.isPresent()) {
                        engine.unpack(whole.get(), Progress.NONE);
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

    /** The new image's id, as {@code docker import} prints it. */
    private static String rootfs(Invocation call, Engine engine, String file, Optional<ImageReference> name)
            throws IOException, CommandException {
        var message = call.text("--message").orElse("imported from " + file);
        try (var content = file.equals("-")
                ? new BufferedInputStream(call.world().in())
                : Files.newInputStream(call.world().directory().resolve(file))) {
            var image = engine.images().importRootfs(content, name, call.texts("--change"), message);
            return engine.images().find(image.digest()).orElseThrow().id().toString();
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
    }

    private static final class Pull implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description(
                            "Pulls an image from its registry, and unpacks it.",
                            "Exit codes: 0 pulled, 1 error, 5 refused by the rules of " + HostSettings.FILE + ".");
            spec.addOption(Options.flag("Print only what was pulled", "-q", "--quiet"));
            spec.addOption(LayerProgress.format());
            spec.addPositional(Options.arguments("REFERENCE", "1", "The image"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var reference = reference(call.arguments().getFirst());
            var door = EngineDoor.of(call);
            try (var engine = door.open()) {
                var allowed = new AllowedPull(engine, door.settings().images());
                return LayerProgress.show(
                        call,
                        "Pulled",
                        reference,
                        progress -> allowed.pull(reference, progress).digest());
            }
        }
    }
}
