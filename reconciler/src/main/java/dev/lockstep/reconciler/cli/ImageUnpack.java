package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.NoSpace;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image unpack}: an image's files in a directory. */
final class ImageUnpack implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Writes an image's files into a new or empty directory.");
        spec.addPositional(Options.arguments("IMAGE DIR", "2", "A name or id of the image; where to"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var target = call.world().directory().resolve(call.arguments().get(1));
        var name = call.arguments().getFirst();
        // Held while it is copied: what a prune took away meanwhile would be missing in the copy without a word.
        try (var engine = EngineDoor.of(call).open();
                var _ = engine.images().lease("unpack of " + name)) {
            var image = ImageLines.whole(engine, name);
            extract(engine, image, target);
            return ExitCodes.OK;
        }
    }

    /** All files, or no directory; an empty one that was there before stays empty. */
    private static void extract(Engine engine, Image image, Path target) throws IOException, CommandException {
        try {
            engine.snapshots().extract(image, target, Progress.NONE);
        } catch (IOException e) {
            if (NoSpace.isWhy(e)) {
                throw new CommandException("no room for the files of the image in " + target + ", or for its layers in "
                        + engine.root().state() + "; nothing was left there");
            }
            throw e;
        }
    }
}
