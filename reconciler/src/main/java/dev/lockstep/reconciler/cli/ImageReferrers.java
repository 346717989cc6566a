package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.attest.Attestations;
import dev.lockstep.runtime.image.Attachments;
import dev.lockstep.runtime.image.Digest;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image referrers}: what is attached to an image here. */
final class ImageReferrers implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Lists what is attached to an image: what 'build --sbom true' and '--provenance true' say of"
                                + " it.",
                        "With --show prints one as it is, a statement of in-toto in JSON.");
        spec.addOption(Options.value(
                "TYPE", "Print the one of that digest, or whose type has this in it: spdx, provenance", "--show"));
        spec.addOption(Options.value("FORMAT", "table or json", "--format"));
        spec.addPositional(Options.arguments("IMAGE", "1", "Name or id"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.text("--format").orElse("table");
        if (!List.of("table", "json").contains(format)) {
            throw new CommandException("--format is table or json, not \"" + format + "\"");
        }
        var text = call.arguments().getFirst();
        try (var engine = EngineDoor.of(call).openForReading()) {
            var image = engine.images()
                    .catalog()
                    .find(text)
                    .orElseThrow(() -> new CommandException("there is no image " + text + " here"))
                    .image();
            var all = engine.images().attachments().of(image.digest());
            var wanted = call.text("--show");
            if (wanted.isPresent()) {
                var shown = all.stream()
                        .filter(attached -> isMeant(attached, wanted.get()))
                        .findFirst()
                        .orElseThrow(() -> new CommandException(
                                "nothing like \"" + wanted.get() + "\" is attached to " + text + " here"));
                call.world().out().print(JsonText.printable(content(engine, shown)));
                return ExitCodes.OK;
            }
            call.world().out().print(format.equals("json") ? json(all) : table(all));
            return ExitCodes.OK;
        }
    }

    private static boolean isMeant(Attachments.Attached attached, String wanted) {
        return attached.manifest().digest().toString().contains(wanted)
                || type(attached).contains(wanted);
    }

    static String type(Attachments.Attached attached) {
        return attached.annotations().getOrDefault(Attestations.PREDICATE_TYPE, attached.artifactType());
    }

    private static String content(Engine engine, Attachments.Attached attached) throws IOException {
        var digest = attached.content().getLast().digest();
        try (var blob = engine.images().blobs().open(digest)) {
            // As one document, whatever lines it was written in.
            return JsonText.document(engine.root().json().readTree(blob));
        }
    }

    private static long bytes(Attachments.Attached attached) {
        return attached.content().getLast().size();
    }

    private static String json(List<Attachments.Attached> all) {
        return JsonText.document(json -> {
            json.writeStartArray();
            for (var attached : all) {
                json.writeStartObject();
                json.writeStringField("Digest", attached.manifest().digest().toString());
                json.writeStringField("ArtifactType", attached.artifactType());
                json.writeStringField("Type", type(attached));
                json.writeNumberField("Size", bytes(attached));
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    private static String table(List<Attachments.Attached> all) {
        var text = new StringBuilder(String.format("%-16s %10s  %s%n", "DIGEST", "BYTES", "TYPE"));
        for (var attached : all) {
            text.append(String.format(
                    "%-16s %10d  %s%n",
                    abbreviated(attached.manifest().digest()), bytes(attached), Printable.text(type(attached))));
        }
        return text.toString();
    }

    private static String abbreviated(Digest digest) {
        return digest.hex().substring(0, 12);
    }
}
