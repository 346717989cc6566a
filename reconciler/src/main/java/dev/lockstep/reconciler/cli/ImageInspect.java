package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Attachments;
import dev.lockstep.runtime.image.ImageDetails;
import dev.lockstep.runtime.image.StoredImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image inspect}: one document with Docker's fields. */
final class ImageInspect implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Shows everything about images as JSON.");
        spec.addOption(Options.value("FORMAT", "json, or a template such as {{.Id}}", "-f", "--format"));
        spec.addPositional(Options.arguments("IMAGE...", "1..*", "Names or ids"));
    }

    private record Inspected(
            StoredImage stored, ImageDetails details, long size, List<Attachments.Attached> attached) {}

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.text("--format").filter(text -> !text.equals("json"));
        var template = format.isPresent() ? Optional.of(GoTemplate.parse(format.get())) : Optional.<GoTemplate>empty();
        var found = new ArrayList<Inspected>();
        var code = ExitCodes.OK;
        try (var engine = EngineDoor.of(call).openForReading()) {
            var catalog = engine.images().catalog();
            for (var text : call.arguments()) {
                var match = catalog.find(text);
                if (match.isPresent() && match.get().image().whole().isPresent()) {
                    found.add(inspect(engine, match.get().image()));
                } else {
                    call.say("lockstep: "
                            + (match.isPresent()
                                    ? "image " + text + " is not here whole"
                                    : "there is no image " + text + " here"));
                    code = ExitCodes.ERROR;
                }
            }
        }
        if (template.isPresent()) {
            var documents = found.stream()
                    .map(image -> JsonText.line(json -> write(json, image)))
                    .toList();
            call.world().out().print(template.get().lines(documents));
            return code;
        }
        call.world().out().print(JsonText.document(json -> {
            json.writeStartArray();
            for (var image : found) {
                write(json, image);
            }
            json.writeEndArray();
        }));
        return code;
    }

    private static Inspected inspect(Engine engine, StoredImage stored) throws IOException {
        var image = stored.whole().orElseThrow();
        return new Inspected(
                stored,
                engine.images().details(image),
                ImageLines.bytes(engine, image),
                engine.images().attachments().of(image.digest()));
    }

    private static void write(JsonGenerator json, Inspected inspected) throws IOException {
        var image = inspected.stored().whole().orElseThrow();
        var platform = image.config().platform();
        json.writeStartObject();
        json.writeStringField("Id", image.id().toString());
        texts(json, "RepoTags", inspected.stored().tags());
        texts(json, "RepoDigests", inspected.stored().digests());
        if (inspected.details().created().isPresent()) {
            json.writeStringField("Created", inspected.details().created().get().toString());
        }
        json.writeStringField(
                "Author", Printable.text(inspected.details().author().orElse("")));
        json.writeFieldName("Config");
        try (var config = new JsonFactory().createParser(inspected.details().config())) {
            config.nextToken();
            json.copyCurrentStructure(config);
        }
        json.writeStringField("Architecture", platform.architecture());
        if (platform.variant().isPresent()) {
            json.writeStringField("Variant", platform.variant().get());
        }
        json.writeStringField("Os", platform.os());
        json.writeNumberField("Size", inspected.size());
        json.writeObjectFieldStart("RootFS");
        json.writeStringField("Type", "layers");
        texts(
                json,
                "Layers",
                image.config().diffIds().stream().map(Object::toString).toList());
        json.writeEndObject();
        if (!inspected.attached().isEmpty()) {
            json.writeArrayFieldStart("Referrers");
            for (var attached : inspected.attached()) {
                json.writeStartObject();
                json.writeStringField("Digest", attached.manifest().digest().toString());
                json.writeStringField("ArtifactType", attached.artifactType());
                json.writeStringField("Type", ImageReferrers.type(attached));
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        json.writeObjectFieldStart("Descriptor");
        json.writeStringField("digest", image.digest().toString());
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void texts(JsonGenerator json, String field, List<String> texts) throws IOException {
        json.writeArrayFieldStart(field);
        for (var text : texts) {
            json.writeString(text);
        }
        json.writeEndArray();
    }
}
