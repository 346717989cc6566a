package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.image.Verification;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image verify}: whether the disk has kept what it was given. */
final class ImageVerify implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Hashes all content of all images. What is bad is set aside; the next pull fetches it again.",
                        "Exit code 1 when something is bad or missing.");
    }

    @Override
    public int run(Invocation call) throws Exception {
        Verification found;
        try (var engine = EngineDoor.of(call).open()) {
            found = engine.images().verify();
        }
        for (var damaged : found.damaged()) {
            call.say("damaged: " + damaged.digest() + " " + damaged.why() + "; it is now " + damaged.aside());
        }
        for (var image : found.incomplete()) {
            call.say("incomplete: image " + image.image().called() + " lacks "
                    + image.missing().stream().map(Object::toString).collect(Collectors.joining(", "))
                    + "; pull or load it again");
        }
        call.world()
                .out()
                .println("Checked " + found.blobs() + (found.blobs() == 1 ? " blob, " : " blobs, ")
                        + ImageLines.size(found.bytes()) + ": "
                        + (found.isGood()
                                ? "all good"
                                : found.damaged().size() + " damaged, "
                                        + found.incomplete().size() + " images incomplete"));
        return found.isGood() ? ExitCodes.OK : ExitCodes.ERROR;
    }
}
