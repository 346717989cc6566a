package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.contexts.Attributes;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image login|logout|push|tags|catalog|delete}: what is done to or asked of a registry. */
final class RegistryCommands {
    private RegistryCommands() {}

    static SequencedMap<String, Command> byName() {
        var commands = new LinkedHashMap<String, Command>();
        commands.put("login", new RegistryLogin());
        commands.put("logout", new RegistryLogin.Logout());
        commands.put("push", new Push());
        commands.put("tags", new Tags());
        commands.put("catalog", new Catalog());
        commands.put("delete", new Delete());
        return commands;
    }

    private static final class Push implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description(
                            "Pushes an image of this host to the registry that its name says, as it is: its digest"
                                    + " stays.",
                            "With --compression its layers are compressed first where they are not, and the name stands"
                                    + " for what came of that, here too.");
            spec.addOption(Options.value("HOW", "gzip or zstd", "--compression"));
            spec.addOption(Options.flag("Print only what was pushed", "-q", "--quiet"));
            spec.addOption(LayerProgress.format());
            spec.addPositional(Options.arguments("REFERENCE", "1", "The image"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var reference = ImageCommand.reference(call.arguments().getFirst());
            return LayerProgress.show(call, "Pushed", reference, progress -> {
                try (var engine = EngineDoor.of(call).open()) {
                    if (call.text("--compression").isPresent()) {
                        compress(
                                call,
                                engine,
                                reference,
                                call.text("--compression").get());
                    }
                    var pushed = engine.push(reference, progress);
                    if (!pushed.whole()) {
                        call.say("lockstep: of the platforms of " + reference.familiar() + " only this host's is here:"
                                + " it was pushed alone, and has a digest of its own");
                    }
                    return pushed.digest();
                }
            });
        }
    }

    private static void compress(Invocation call, Engine engine, ImageReference reference, String how)
            throws IOException, CommandException {
        var form = Attributes.parse("--compression", "compression=" + how).takeForm(Map.of());
        var image = engine.images()
                .find(reference)
                .orElseThrow(() -> new CommandException("there is no image " + reference.familiar() + " here"));
        if (!image.digest().equals(image.manifest())) {
            throw new CommandException("--compression: " + reference.familiar()
                    + " came as an index of images for several platforms, which has the digest that it has; push it as"
                    + " it is");
        }
        var packed = engine.pack(image, form);
        if (!packed.equals(image)) {
            engine.images().tag(packed.digest(), reference);
            if (!engine.images().attachments().of(image.digest()).isEmpty()) {
                call.say("Warning: what is attached to " + reference.familiar() + " is about its digest as it was, "
                        + image.digest().abbreviated() + ", and is not pushed; build it with --push instead");
            }
        }
    }

    private static final class Tags implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Lists the tags of a repository in its registry.");
            spec.addPositional(Options.arguments("REPOSITORY", "1", "The repository, as in the name of an image"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var reference = ImageCommand.reference(call.arguments().getFirst());
            try (var engine = EngineDoor.of(call).openForReading()) {
                engine.registry().tags(reference).forEach(call.world().out()::println);
                return ExitCodes.OK;
            }
        }
    }

    private static final class Catalog implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Lists the repositories of a registry, where it tells them.");
            spec.addPositional(Options.arguments("HOST[:PORT]", "1", "The registry"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var host = host(call.arguments().getFirst());
            try (var engine = EngineDoor.of(call).openForReading()) {
                engine.registry().catalog(host).forEach(call.world().out()::println);
                return ExitCodes.OK;
            }
        }
    }

    /** A registry's name, as images have it before the first slash. */
    static String host(String text) throws CommandException {
        var host = text.contains("/") ? "" : text;
        try {
            var reference = ImageReference.parse(host + "/repository");
            if (reference.host().equals(host) || reference.host().equals("docker.io") && host.endsWith(".docker.io")) {
                return reference.host();
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw new CommandException("\"" + text + "\" is not a registry; write HOST or HOST:PORT, as images name it");
    }

    private static final class Delete implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description(
                            "Deletes an image in its registry, with every tag there that stands for it. What is on this"
                                    + " host stays.");
            spec.addPositional(Options.arguments("REFERENCE", "1", "The image, by tag or digest"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var text = call.arguments().getFirst();
            var reference = ImageCommand.reference(text);
            // A forgotten tag must not delete what is called latest.
            if (reference.digest().isEmpty()
                    && !text.endsWith(":" + reference.tag().orElse(""))) {
                throw new CommandException("delete wants a tag or a digest: " + text + ":TAG or " + text + "@sha256:…");
            }
            try (var engine = EngineDoor.of(call).openForReading()) {
                var digest = engine.registry().delete(reference);
                call.world().out().println("Deleted " + reference.familiar() + " " + digest);
                return ExitCodes.OK;
            }
        }
    }
}
