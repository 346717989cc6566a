package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.event.Event;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Collectors;

/** Events as {@code docker events} prints them. */
final class DockerEvents {
    private static final long NANOS = 1_000_000_000;

    private DockerEvents() {}

    /** A line: all attributes, labels too. */
    static String text(Event event) {
        return LogPrinter.time(event.time()) + " " + event.type() + " " + Printable.text(event.action()) + " "
                + Printable.text(event.id())
                + event.attributes().entrySet().stream()
                        .map(e -> Printable.text(e.getKey() + "=" + e.getValue()))
                        .collect(Collectors.joining(", ", " (", ")"))
                + "\n";
    }

    /** A document a line, with the three fields of Docker's oldest events first. */
    static String json(Event event) {
        return JsonText.line(json -> {
            json.writeStartObject();
            json.writeStringField("status", event.action());
            json.writeStringField("id", event.id());
            json.writeStringField("from", from(event));
            json.writeStringField("Type", event.type());
            json.writeStringField("Action", event.action());
            actor(json, event);
            json.writeStringField("scope", "local");
            json.writeNumberField("time", event.time().getEpochSecond());
            json.writeNumberField("timeNano", nanos(event.time()));
            json.writeEndObject();
        });
    }

    /** The names of the same fields in a template. */
    static GoTemplate.Row fields(Event event) {
        var document = JsonText.line(json -> {
            json.writeStartObject();
            json.writeStringField("Status", event.action());
            json.writeStringField("ID", event.id());
            json.writeStringField("From", from(event));
            json.writeStringField("Type", event.type());
            json.writeStringField("Action", event.action());
            actor(json, event);
            json.writeStringField("Scope", "local");
            json.writeNumberField("Time", event.time().getEpochSecond());
            json.writeNumberField("TimeNano", nanos(event.time()));
            json.writeEndObject();
        });
        return new GoTemplate.Row(document, Map.of());
    }

    private static void actor(JsonGenerator json, Event event) throws IOException {
        json.writeObjectFieldStart("Actor");
        json.writeStringField("ID", event.id());
        json.writeObjectFieldStart("Attributes");
        for (var attribute : event.attributes().entrySet()) {
            json.writeStringField(attribute.getKey(), attribute.getValue());
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    private static String from(Event event) {
        return event.attributes().getOrDefault("image", "");
    }

    private static long nanos(Instant time) {
        return Math.addExact(Math.multiplyExact(time.getEpochSecond(), NANOS), time.getNano());
    }
}
