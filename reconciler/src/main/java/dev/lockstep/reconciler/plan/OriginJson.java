package dev.lockstep.reconciler.plan;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Step;
import java.io.IOException;

/** Where a value comes from, for programs: its place, and each station on the way from there. */
final class OriginJson {
    private OriginJson() {}

    /** Writes the field {@code source} of the object that is open. */
    static void write(SourcePosition at, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("source");
        place(at, json);
        json.writeArrayFieldStart("via");
        for (var step : at.via()) {
            step(step, json);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    /** A variable of the environment has no place. */
    private static void step(Step step, JsonGenerator json) throws IOException {
        json.writeStartObject();
        switch (step) {
            case Step.Extended extended -> {
                json.writeStringField("kind", "extends");
                json.writeStringField("service", extended.service());
            }
            case Step.Included included -> {
                json.writeStringField("kind", "include");
                json.writeStringField("project", included.file());
            }
            case Step.Replaced _ -> json.writeStringField("kind", "override");
            case Step.Substituted variable -> {
                json.writeStringField("kind", "variable");
                json.writeStringField("name", variable.variable());
            }
        }
        if (!step.at().isDefault()) {
            place(step.at(), json);
        }
        json.writeEndObject();
    }

    private static void place(SourcePosition at, JsonGenerator json) throws IOException {
        json.writeStringField("file", at.file());
        json.writeNumberField("line", at.line());
        json.writeNumberField("column", at.column());
    }
}
