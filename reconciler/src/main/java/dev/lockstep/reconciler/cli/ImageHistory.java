package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.image.ImageDetails.HistoryEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image history}: the steps by which an image was made, the last one first. */
final class ImageHistory implements Command {
    private static final int CREATED_BY = 45;
    private static final String MISSING = "<missing>";

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Shows the steps by which an image was made, the last one first.");
        spec.addOption(Options.flag("Only ids", "-q", "--quiet"));
        spec.addOption(Options.flag("Nothing is cut", "--no-trunc"));
        spec.addOption(Options.value("FORMAT", "table, json, or a template such as {{.CreatedBy}}", "--format"));
        spec.addPositional(Options.arguments("IMAGE", "1", "A name or id"));
    }

    /** A step; only the last one has an id, since nobody builds images of the others any more. */
    private record Line(String id, HistoryEntry step, long size) {}

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.text("--format").orElse("table");
        var template = format.contains("{{") ? Optional.of(GoTemplate.parse(format)) : Optional.<GoTemplate>empty();
        if (template.isEmpty()) {
            call.choice("--format", "table", List.of("table", "json"));
        }
        var whole = call.flag("--no-trunc");
        var lines = new ArrayList<Line>();
        try (var engine = EngineDoor.of(call).openForReading()) {
            var image = ImageLines.whole(engine, call.arguments().getFirst());
            for (var step : engine.images().details(image).history().reversed()) {
                var size = step.layer().isPresent()
                        ? ImageLines.bytes(engine, step.layer().get())
                        : 0;
                lines.add(new Line(lines.isEmpty() ? ImageLines.id(image.id(), whole) : MISSING, step, size));
            }
        }
        var now = call.world().clock().instant();
        call.world()
                .out()
                .print(
                        template.isPresent()
                                ? template.get()
                                        .lines(lines.stream()
                                                .map(line -> json(line, whole, now))
                                                .toList())
                                : print(call, format, whole, lines));
        return ExitCodes.OK;
    }

    private static String print(Invocation call, String format, boolean whole, List<Line> lines) {
        var now = call.world().clock().instant();
        var text = new StringBuilder();
        if (call.flag("--quiet")) {
            lines.forEach(line -> text.append(line.id()).append('\n'));
            return text.toString();
        }
        if (format.equals("json")) {
            lines.forEach(line -> text.append(json(line, whole, now)));
            return text.toString();
        }
        var table = new Table("IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT");
        for (var line : lines) {
            table.row(
                    line.id(),
                    ImageLines.since(line.step().created(), now),
                    createdBy(line.step(), whole),
                    ImageLines.size(line.size()),
                    line.step().comment());
        }
        return table.toString();
    }

    private static String createdBy(HistoryEntry step, boolean whole) {
        var text = step.createdBy().replace('\t', ' ');
        return whole || text.length() <= CREATED_BY ? text : text.substring(0, CREATED_BY - 1) + "…";
    }

    private static String json(Line line, boolean whole, Instant now) {
        return JsonText.line(json -> {
            json.writeStartObject();
            json.writeStringField("Comment", Printable.text(line.step().comment()));
            json.writeStringField(
                    "CreatedAt", line.step().created().map(Instant::toString).orElse("N/A"));
            json.writeStringField("CreatedBy", Printable.text(createdBy(line.step(), whole)));
            json.writeStringField("CreatedSince", ImageLines.since(line.step().created(), now));
            json.writeStringField("ID", line.id());
            json.writeStringField("Size", ImageLines.size(line.size()));
            json.writeEndObject();
        });
    }
}
