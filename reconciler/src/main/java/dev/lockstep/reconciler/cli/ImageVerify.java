package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.image.Verification;
import dev.lockstep.runtime.prune.Health;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image verify}: whether the disk has kept what it was given. */
final class ImageVerify implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Hashes all content of all images, and compares what they were unpacked to with it. Bad content"
                                + " is set aside, and the next pull fetches it again; a bad layer is unpacked again,"
                                + " unless a container has it mounted.",
                        "Exit code 1 when something is bad or missing.");
    }

    @Override
    public int run(Invocation call) throws Exception {
        Health found;
        try (var engine = EngineDoor.of(call).open()) {
            found = engine.housekeeping().verify();
        }
        tell(call, found.content());
        for (var layer : found.damaged()) {
            call.say("damaged: unpacked layer " + layer.diffId() + ": " + layer.difference() + "; " + outcome(layer));
        }
        for (var layer : found.unchecked()) {
            call.say("not checked: unpacked layer " + layer.diffId() + ": " + layer.why());
        }
        var content = found.content();
        call.world()
                .out()
                .println("Checked " + content.blobs() + (content.blobs() == 1 ? " blob, " : " blobs, ")
                        + ImageLines.size(content.bytes()) + ", and " + found.layers()
                        + (found.layers() == 1 ? " unpacked layer: " : " unpacked layers: ")
                        + (found.isGood()
                                ? "all good"
                                : content.damaged().size() + " blobs damaged, "
                                        + content.incomplete().size() + " images incomplete, "
                                        + found.damaged().size() + " layers damaged"));
        return found.isGood() ? ExitCodes.OK : ExitCodes.ERROR;
    }

    private static void tell(Invocation call, Verification found) {
        for (var damaged : found.damaged()) {
            call.say("damaged: " + damaged.digest() + " " + damaged.why() + "; it is now " + damaged.aside());
        }
        for (var unreadable : found.unreadable()) {
            call.say("unreadable: " + unreadable.digest() + ": " + unreadable.why());
        }
        for (var image : found.incomplete()) {
            call.say("incomplete: image " + image.image().called() + " lacks "
                    + image.missing().stream().map(Object::toString).collect(Collectors.joining(", "))
                    + "; pull or load it again");
        }
    }

    private static String outcome(Health.DamagedLayer layer) {
        if (layer.repaired()) {
            return "it has been unpacked again";
        }
        return "it is mounted" + (layer.users().isEmpty() ? "" : " by " + String.join(", ", layer.users()))
                + "; stop that, and verify again";
    }
}
