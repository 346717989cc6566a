package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.image.ImageReference;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image tag}: another name for an image that is here. */
final class ImageTag implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Gives an image another name. Another image that has it loses it.");
        spec.addPositional(Options.arguments("IMAGE NAME[:TAG]", "2", "A name or id of the image; its new name"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        ImageReference name;
        try {
            name = ImageReference.parse(call.arguments().get(1));
        } catch (IllegalArgumentException e) {
            throw new CommandException(Printable.text(String.valueOf(e.getMessage())));
        }
        if (name.digest().isPresent()) {
            throw new CommandException("a name that is given has a tag and no digest: " + name.familiar());
        }
        try (var engine = EngineDoor.of(call).open()) {
            var images = engine.images();
            images.tag(
                    ImageLines.find(images.catalog(), call.arguments().getFirst())
                            .image()
                            .digest(),
                    name);
            return ExitCodes.OK;
        }
    }
}
