package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.StoredImage;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.TreeMap;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image save}: images as one archive, for {@code image load}, {@code docker load} and skopeo. */
final class ImageSave implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Writes images into one archive that is an OCI layout and a Docker archive at once.",
                        "One that is called by its name has that name in it, one that is called by its id has none.");
        spec.addOption(Options.value("FILE", "Instead of to standard output", "-o", "--output"));
        spec.addPositional(Options.arguments("IMAGE...", "1..*", "Names or ids"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var file = call.text("--output").map(call.world().directory()::resolve);
        if (file.isEmpty() && call.world().terminals().out()) {
            throw new CommandException("an archive does not go to a terminal: say -o FILE, or redirect it");
        }
        try (var engine = EngineDoor.of(call).open()) {
            var images = images(call, engine);
            if (file.isPresent()) {
                WholeFile.write(file.get(), out -> engine.images().save(images, out));
                return ExitCodes.OK;
            }
            return StandardOutput.write(call, out -> engine.images().save(images, out));
        }
    }

    /** Each image once, with the names it was called by. */
    private static Collection<StoredImage> images(Invocation call, Engine engine) throws IOException, CommandException {
        var catalog = engine.images().catalog();
        var images = new LinkedHashMap<Digest, StoredImage>();
        var names = new TreeMap<Digest, TreeSet<String>>((a, b) -> a.hex().compareTo(b.hex()));
        for (var text : call.arguments()) {
            var match = ImageLines.find(catalog, text);
            var digest = match.image().digest();
            var called = names.computeIfAbsent(digest, d -> new TreeSet<>());
            match.name().map(ImageReference::toString).ifPresent(called::add);
            images.put(
                    digest,
                    new StoredImage(
                            digest,
                            called.stream().map(ImageReference::parse).toList(),
                            match.image().whole()));
        }
        return images.values();
    }
}
