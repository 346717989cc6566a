package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.prune.ImageRemoval;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image rm}: names go, and with the last one the image. */
final class ImageRemove implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description("Removes names of images. With its last name an image goes, unless it is in use.");
        spec.addOption(Options.flag(
                "All names of an image given by its id; the name of one in use; no error for what is not here",
                "-f",
                "--force"));
        spec.addPositional(Options.arguments("IMAGE...", "1..*", "Names or ids"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var force = call.flag("--force");
        var code = ExitCodes.OK;
        try (var engine = EngineDoor.of(call).open()) {
            for (var text : call.arguments()) {
                switch (engine.housekeeping().remove(text, force)) {
                    case ImageRemoval.NotHere _ -> {
                        // Said even with --force, as Docker does; but then it is no error.
                        call.say("lockstep: there is no image " + Printable.text(text) + " here");
                        code = force ? code : ExitCodes.ERROR;
                    }
                    case ImageRemoval.Refused(var why) -> {
                        call.say("lockstep: " + why);
                        code = ExitCodes.ERROR;
                    }
                    case ImageRemoval.Removed removed -> print(call, removed);
                }
            }
        }
        return code;
    }

    private static void print(Invocation call, ImageRemoval.Removed removed) {
        for (ImageReference name : removed.untagged()) {
            call.world().out().println("Untagged: " + name.familiar());
        }
        if (removed.removed()) {
            call.world().out().println("Deleted: " + removed.image().id());
        }
        removed.kept()
                .ifPresent(why -> call.say(
                        "The content of " + removed.image().id().abbreviated() + " stays for now: " + why + "."));
    }
}
