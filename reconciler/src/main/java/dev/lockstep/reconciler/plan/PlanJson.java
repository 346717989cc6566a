package dev.lockstep.reconciler.plan;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A plan for programs. Additions keep the format's number, so readers ignore what they do not know; what must not be
 * shown is masked in the plan already and stays so.
 */
public final class PlanJson {
    /** Name and number of the format. */
    public static final String FORMAT = "lockstep.plan/1";

    /** The document, ending with a newline. */
    public String print(Plan plan, Instant createdAt) {
        return document(json -> fields(plan, createdAt, json));
    }

    /** What writes the fields of an object. */
    @FunctionalInterface
    public interface Fields {
        /** Writes them into the object that is open. */
        void write(JsonGenerator json) throws IOException;
    }

    /** An object as a document, ending with a newline. */
    public static String document(Fields fields) {
        var text = new StringWriter();
        try (var json = new JsonFactory().createGenerator(text)) {
            json.setPrettyPrinter(IndentedJson.printer());
            json.writeStartObject();
            fields.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a string cannot fail", e);
        }
        return text.append("\n").toString();
    }

    /** A plan's fields. */
    public static void fields(Plan plan, Instant createdAt, JsonGenerator json) throws IOException {
        json.writeStringField("format", FORMAT);
        json.writeStringField("host", plan.host());
        json.writeStringField("stack", plan.stack());
        if (plan.revision().isPresent()) {
            json.writeStringField("revision", plan.revision().get());
        }
        json.writeStringField("createdAt", createdAt.toString());
        json.writeArrayFieldStart("actions");
        for (var step : plan.steps()) {
            action(plan, step, json);
        }
        json.writeEndArray();
        summary(plan.summary(), json);
        effects(plan.effects(), json);
        texts("warnings", plan.warnings(), json);
        problems(plan.problems(), json);
        texts("refusals", plan.refusals(), json);
    }

    /** The field {@code problems}. */
    public static void problems(List<Problem> problems, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("problems");
        for (var problem : problems) {
            problem(problem, json);
        }
        json.writeEndArray();
    }

    private static void action(Plan plan, Step step, JsonGenerator json) throws IOException {
        var words = OperationWords.of(step.operation());
        json.writeStartObject();
        json.writeStringField("id", step.id());
        json.writeStringField("action", words.action());
        json.writeStringField("kind", words.kind());
        json.writeStringField("stack", plan.stack());
        json.writeStringField("name", step.operation().name());
        image(step.operation(), json);
        json.writeArrayFieldStart("causes");
        for (var cause : step.causes()) {
            cause(cause, json);
        }
        json.writeEndArray();
        texts("dependsOn", step.after(), json);
        json.writeObjectFieldStart("waitsFor");
        for (var gate : step.gates().entrySet()) {
            json.writeStringField(gate.getKey(), gate.getValue().condition().word());
        }
        json.writeEndObject();
        if (!step.limits().isEmpty()) {
            json.writeObjectFieldStart("waitsAtMostMillis");
            for (var limit : step.limits().entrySet()) {
                json.writeNumberField(limit.getKey(), limit.getValue().toMillis());
            }
            json.writeEndObject();
        }
        if (step.turn().isPresent()) {
            turn(step.turn().get(), json);
        }
        json.writeEndObject();
    }

    /** Only of replicas that are not all changed at once. */
    private static void turn(Turn turn, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("turn");
        json.writeNumberField("group", turn.group());
        json.writeNumberField("groups", turn.groups());
        texts("well", turn.well(), json);
        json.writeNumberField("delayMillis", turn.delay().toMillis());
        if (turn.monitor().isPresent()) {
            json.writeNumberField("monitorMillis", turn.monitor().get().toMillis());
        }
        json.writeNumberField("mayFail", turn.mayFail());
        json.writeEndObject();
    }

    /** What is pulled or built, or what a container is made from. */
    private static void image(Operation operation, JsonGenerator json) throws IOException {
        switch (operation) {
            case Operation.PullImage pull -> image(pull.image(), pull.digest(), json);
            case Operation.BuildImage build -> {
                image(build.image(), Optional.empty(), json);
                json.writeStringField("because", build.why());
            }
            case Operation.CreateContainer create -> image(create.spec(), json);
            case Operation.ReplaceContainer replace -> image(replace.spec(), json);
            case Operation.UpdateContainer update -> image(update.spec(), json);
            case Operation.StartContainer start -> image(start.spec(), json);
            case Operation.RestartContainer restart -> image(restart.spec(), json);
            case Operation.OnNetwork _,
                    Operation.OnVolume _,
                    Operation.StopContainer _,
                    Operation.RemoveContainer _ -> {
                // of no image
            }
        }
    }

    private static void image(ContainerSpec spec, JsonGenerator json) throws IOException {
        image(spec.image(), Optional.of(spec.digest()).filter(ImageNames::known), json);
    }

    /** The digest with all its digits; none while only the pull or the build will tell. */
    private static void image(ImageReference reference, Optional<Digest> digest, JsonGenerator json)
            throws IOException {
        json.writeObjectFieldStart("image");
        json.writeStringField("reference", reference.familiar());
        if (digest.isPresent()) {
            json.writeStringField("digest", digest.get().toString());
        }
        json.writeEndObject();
    }

    private static void cause(Cause cause, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("kind", cause.kind().name().toLowerCase(Locale.ROOT));
        json.writeStringField("path", cause.field());
        json.writeStringField("old", cause.before());
        json.writeStringField("new", cause.after());
        if (cause.because().isPresent()) {
            json.writeStringField("because", cause.because().get());
        }
        if (cause.at().isPresent() && !cause.at().get().isDefault()) {
            OriginJson.write(cause.at().get(), json);
        }
        if (cause.commit().isPresent()) {
            commit(cause.commit().get(), json);
        }
        json.writeBooleanField(
                "sensitive",
                cause.before().contains(Sensitive.MASK) || cause.after().contains(Sensitive.MASK));
        json.writeEndObject();
    }

    private static void commit(LineCommit commit, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("commit");
        json.writeStringField("id", commit.id());
        json.writeStringField("authoredAt", commit.authored().toString());
        json.writeStringField("author", commit.author());
        json.writeStringField("subject", commit.subject());
        json.writeEndObject();
    }

    private static void problem(Problem problem, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("path", problem.path());
        json.writeStringField("message", problem.message());
        if (!problem.at().isDefault()) {
            OriginJson.write(problem.at(), json);
        }
        json.writeEndObject();
    }

    private static void summary(Plan.Summary summary, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("summary");
        json.writeNumberField("create", summary.create());
        json.writeNumberField("update", summary.update());
        json.writeNumberField("replace", summary.replace());
        json.writeNumberField("start", summary.start());
        json.writeNumberField("remove", summary.remove());
        json.writeNumberField("pull", summary.pull());
        json.writeNumberField("build", summary.build());
        json.writeEndObject();
    }

    private static void effects(Effects effects, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("downtime");
        for (var entry : effects.downtimes().entrySet()) {
            json.writeStartObject();
            json.writeStringField("service", entry.getKey());
            switch (entry.getValue()) {
                case Effects.Downtime.None _ -> json.writeStringField("kind", "none");
                case Effects.Downtime.Connections _ -> json.writeStringField("kind", "connections");
                case Effects.Downtime.Gap(var grace) -> {
                    json.writeStringField("kind", "gap");
                    json.writeNumberField("graceMillis", grace.toMillis());
                }
                case Effects.Downtime.Ends _ -> json.writeStringField("kind", "ends");
            }
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("destroyed");
        for (var destroyed : effects.destroyed()) {
            json.writeStartObject();
            switch (destroyed) {
                case Effects.Destroyed.Volume _ -> json.writeStringField("kind", "volume");
                case Effects.Destroyed.Written _ -> json.writeStringField("kind", "container");
                case Effects.Destroyed.Anonymous anonymous -> {
                    json.writeStringField("kind", "anonymousVolume");
                    json.writeStringField("target", anonymous.target());
                }
            }
            json.writeStringField("name", destroyed.name());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /** A field of several texts. */
    public static void texts(String name, Collection<String> values, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart(name);
        for (var value : values) {
            json.writeString(value);
        }
        json.writeEndArray();
    }
}
