package dev.lockstep.reconciler.review;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.reconciler.plan.PlanJson;
import java.io.IOException;
import java.time.Instant;

/** A review for programs: the plans as {@link PlanJson} has them, and what is said about all of them. */
public final class ReviewJson {
    /** Name and number of the format. */
    public static final String FORMAT = "lockstep.review/1";

    /** The document, ending with a newline. */
    public String print(Review review, Instant createdAt) {
        return PlanJson.document(json -> {
            json.writeStringField("format", FORMAT);
            json.writeStringField("base", review.base());
            json.writeStringField("head", review.head());
            json.writeStringField("createdAt", createdAt.toString());
            json.writeArrayFieldStart("plans");
            for (var plan : review.plans()) {
                json.writeStartObject();
                PlanJson.fields(plan, createdAt, json);
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeNumberField("unchanged", review.unchanged());
            json.writeArrayFieldStart("moves");
            for (var move : review.moves()) {
                move(move, json);
            }
            json.writeEndArray();
            PlanJson.texts("notes", review.notes(), json);
            PlanJson.problems(review.problems(), json);
        });
    }

    private static void move(Move move, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("stack", move.stack());
        PlanJson.texts("from", move.from(), json);
        PlanJson.texts("to", move.to(), json);
        PlanJson.texts("volumes", move.volumes(), json);
        json.writeEndObject();
    }
}
