package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.Digest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** {@code images}: what the containers of a stack were made from. */
final class ImagesCommand implements Command {
    private record Line(String container, String repository, String tag, Digest id, long size) {}

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Lists the images of a stack's containers.");
        spec.addOption(Options.value("FORMAT", "table or json", "--format"));
        spec.addOption(Options.flag("Only ids", "-q", "--quiet"));
        spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only these services"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--format", "table", List.of("table", "json"));
        var stack = Stack.of(call);
        var lines = new ArrayList<Line>();
        try (var engine = EngineDoor.of(call).openForReading()) {
            for (var container : stack.containers(engine, call.arguments(), Stack.Which.OF_SERVICES)) {
                lines.add(line(engine, container));
            }
        }
        var out = call.world().out();
        if (call.flag("--quiet")) {
            lines.stream()
                    .map(l -> l.id().hex())
                    .collect(Collectors.toCollection(LinkedHashSet::new))
                    .forEach(out::println);
        } else if (format.equals("json")) {
            out.print(json(lines));
        } else {
            var table = new Table(Table.COMPOSE, "CONTAINER", "REPOSITORY", "TAG", "IMAGE ID", "SIZE");
            lines.forEach(l -> table.row(
                    l.container(), l.repository(), l.tag(), ImageLines.id(l.id(), false), ImageLines.size(l.size())));
            out.print(table);
        }
        return ExitCodes.OK;
    }

    private static Line line(Engine engine, ObservedContainer container) throws IOException {
        var digest = container.record().made().image();
        var image = engine.images().find(digest);
        var name = container.record().spec().image();
        return new Line(
                container.name(),
                ImageList.repository(name),
                name.tag().orElse(ImageLines.NONE),
                image.map(i -> i.id()).orElse(digest),
                image.isPresent() ? ImageLines.bytes(engine, image.get()) : 0);
    }

    private static String json(List<Line> lines) {
        return JsonText.line(json -> {
            json.writeStartArray();
            for (var line : lines) {
                json.writeStartObject();
                json.writeStringField("ID", line.id().toString());
                json.writeStringField("ContainerName", line.container());
                json.writeStringField("Repository", line.repository());
                json.writeStringField("Tag", line.tag());
                json.writeNumberField("Size", line.size());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }
}
