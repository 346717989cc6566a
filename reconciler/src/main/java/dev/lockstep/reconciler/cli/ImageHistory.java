package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.image.ImageDetails.HistoryEntry;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image history}: the steps by which an image was made, the last one first. */
final class ImageHistory implements Command {
    private static final int CREATED_BY = 45;
    private static final String MISSING = "<missing>";
    private static final DateTimeFormatter RFC_3339 = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ssXXX");

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Shows the steps by which an image was made, the last one first.");
        spec.addOption(Options.flag("Only ids", "-q", "--quiet"));
        spec.addOption(Options.flag("Nothing is cut", "--no-trunc"));
        Options.switchedOn("Sizes and times for people (default; =false: bytes, and times in full)", "-H", "--human")
                .forEach(spec::addOption);
        spec.addOption(Options.value("FORMAT", "table, json, or a template such as {{.CreatedBy}}", "--format"));
        spec.addPositional(Options.arguments("IMAGE", "1", "A name or id"));
    }

    /** A step; only the last one has an id, since nobody builds images of the others any more. */
    private record Line(String id, HistoryEntry step, long size) {}

    /** What is asked for of each cell. */
    private record Style(boolean whole, boolean human, Instant now) {
        String created(Line line) {
            return human ? ImageLines.since(line.step().created(), now) : createdAt(line);
        }

        String size(Line line) {
            return human ? ImageLines.size(line.size()) : String.valueOf(line.size());
        }

        String createdBy(Line line) {
            var text = line.step().createdBy().replace('\t', ' ');
            return whole || text.length() <= CREATED_BY ? text : text.substring(0, CREATED_BY - 1) + "…";
        }

        /** The time, in this host's zone. */
        String createdAt(Line line) {
            return line.step()
                    .created()
                    .map(at -> RFC_3339.format(at.atZone(ZoneId.systemDefault())))
                    .orElse("N/A");
        }
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.text("--format").orElse("table");
        var template = format.contains("{{") ? Optional.of(GoTemplate.parse(format)) : Optional.<GoTemplate>empty();
        if (template.isEmpty()) {
            call.choice("--format", "table", List.of("table", "json"));
        }
        var style = new Style(
                call.flag("--no-trunc"),
                !call.off("--human"),
                call.world().clock().instant());
        var lines = lines(call, style);
        if (template.isPresent()) {
            var headings = Map.of("ID", "IMAGE", "CreatedSince", created(style));
            var rows = lines.stream()
                    .map(line -> new GoTemplate.Row(json(line, style), Map.of()))
                    .toList();
            call.world().out().print(template.get().lines(rows, headings));
        } else {
            call.world().out().print(text(call, format, style, lines));
        }
        return ExitCodes.OK;
    }

    private static List<Line> lines(Invocation call, Style style) throws IOException, CommandException {
        var lines = new ArrayList<Line>();
        try (var engine = EngineDoor.of(call).openForReading()) {
            var image = ImageLines.whole(engine, call.arguments().getFirst());
            for (var step : engine.images().details(image).history().reversed()) {
                var size = step.layer().isPresent()
                        ? ImageLines.bytes(engine, step.layer().get())
                        : 0;
                lines.add(new Line(lines.isEmpty() ? ImageLines.id(image.id(), style.whole()) : MISSING, step, size));
            }
        }
        return lines;
    }

    private static String text(Invocation call, String format, Style style, List<Line> lines) {
        var text = new StringBuilder();
        if (format.equals("json")) {
            lines.forEach(line -> text.append(json(line, style)));
            return text.toString();
        }
        // As docker has it: who names a form gets it, with -q or without.
        if (call.flag("--quiet")) {
            lines.forEach(line -> text.append(line.id()).append('\n'));
            return text.toString();
        }
        var table = new Table("IMAGE", created(style), "CREATED BY", "SIZE", "COMMENT");
        for (var line : lines) {
            table.row(
                    line.id(),
                    style.created(line),
                    style.createdBy(line),
                    style.size(line),
                    line.step().comment());
        }
        return table.toString();
    }

    private static String created(Style style) {
        return style.human() ? "CREATED" : "CREATED AT";
    }

    private static String json(Line line, Style style) {
        return JsonText.line(json -> {
            json.writeStartObject();
            json.writeStringField("Comment", Printable.text(line.step().comment()));
            json.writeStringField("CreatedAt", style.createdAt(line));
            json.writeStringField("CreatedBy", Printable.text(style.createdBy(line)));
            json.writeStringField("CreatedSince", style.created(line));
            json.writeStringField("ID", line.id());
            json.writeStringField("Size", style.size(line));
            json.writeEndObject();
        });
    }
}
