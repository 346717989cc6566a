package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.copy.Copying;
import picocli.CommandLine.Model.CommandSpec;

/** {@code container diff} and {@code container export}: a container's root file system as a whole. */
final class ContainerFilesCommands {
    private ContainerFilesCommands() {}

    /** {@code container diff}. */
    static final class Diff implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description(
                            "Shows what a container did to the files of its image: A added, C changed, D deleted.");
            spec.addPositional(Options.arguments("CONTAINER", "1", "Name or id"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            try (var engine = EngineDoor.of(call).open()) {
                var container = By.named(engine, call.arguments().getFirst());
                for (var change : engine.containers().changes(container.id())) {
                    call.world().out().println(change.kind().letter() + " " + change.path());
                }
                return ExitCodes.OK;
            }
        }
    }

    /** {@code container export}. */
    static final class Export implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Writes a container's root file system as a tar archive, without its volumes and other"
                            + " mounts; 'image import --rootfs' makes an image of it.");
            spec.addOption(Options.value("FILE", "Instead of to standard output", "-o", "--output"));
            spec.addPositional(Options.arguments("CONTAINER", "1", "Name or id"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var file = call.text("--output").map(call.world().directory()::resolve);
            if (file.isEmpty() && call.world().terminals().out()) {
                throw new CommandException("an archive does not go to a terminal: say -o FILE, or redirect it");
            }
            try (var engine = EngineDoor.of(call).open()) {
                var container = By.named(engine, call.arguments().getFirst());
                try (var tree = engine.containers().rootFileSystem(container.id())) {
                    if (file.isPresent()) {
                        WholeFile.write(file.get(), out -> Copying.archiveContent(tree.root(), out));
                        return ExitCodes.OK;
                    }
                    return StandardOutput.write(call, out -> Copying.archiveContent(tree.root(), out));
                }
            }
        }
    }
}
