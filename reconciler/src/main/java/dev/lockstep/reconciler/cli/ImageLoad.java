package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.TaggedImage;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image load}: what {@code docker load} does, with its options. */
final class ImageLoad implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Loads all images of an archive, plain, gzip or zstd: what 'lockstep image save' or 'docker save'"
                                + " writes, or an OCI layout.");
        spec.addOption(Options.value("FILE", "Instead of from standard input", "-i", "--input"));
        spec.addOption(Options.flag("Accepted: no progress is shown", "-q", "--quiet"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var file = call.text("--input");
        if (file.isEmpty() && call.world().terminals().in()) {
            throw new CommandException("standard input is a terminal: say -i FILE, or redirect it");
        }
        try (var engine = EngineDoor.of(call).open()) {
            for (var image : load(call, engine, file)) {
                call.world()
                        .out()
                        .println(image.reference()
                                .map(name -> "Loaded image: " + name.familiar())
                                .orElse("Loaded image ID: " + id(engine, image)));
            }
            return ExitCodes.OK;
        }
    }

    private static List<TaggedImage> load(Invocation call, Engine engine, Optional<String> file) throws IOException {
        return file.isPresent()
                ? engine.images()
                        .importArchive(call.world().directory().resolve(file.get()), Optional.empty(), Progress.NONE)
                : engine.images()
                        .importArchive(new BufferedInputStream(call.world().in()), Optional.empty(), Progress.NONE);
    }

    private static String id(Engine engine, TaggedImage image) throws IOException {
        return engine.images()
                .find(image.digest())
                .map(whole -> whole.id().toString())
                .orElse(image.digest().toString());
    }
}
