package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code validate}: everything that is wrong with the files, at once. Its answer are the problems, so they go to
 * stdout.
 */
final class ValidateCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description("Checks the files of a stack and prints everything that is wrong, with its place.");
        spec.addOption(Options.value("FORMAT", "text or json", "-o", "--output"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--output", "text", List.of("text", "json"));
        var out = call.world().out();
        var loaded = new ProjectFiles(call).load();
        var errors = switch (loaded) {
            case Loaded.Valid valid -> Checks.strict(valid.project());
            case Loaded.Invalid invalid -> invalid.errors();
        };
        var name = loaded instanceof Loaded.Valid valid
                ? Optional.of(valid.project().name())
                : Optional.<String>empty();
        if (format.equals("json")) {
            out.print(JsonText.document(json -> document(json, name, errors, loaded.warnings())));
        } else {
            ProjectFiles.tell(errors, out);
            ProjectFiles.tellWarnings(loaded.warnings(), call.world().err());
            if (errors.isEmpty() && loaded instanceof Loaded.Valid valid) {
                var services = valid.project().services().size();
                out.println("Stack " + valid.project().name() + " is valid: " + services
                        + (services == 1 ? " service." : " services."));
            } else {
                call.say(errors.size() == 1 ? "1 problem." : errors.size() + " problems.");
            }
        }
        return errors.isEmpty() ? ExitCodes.OK : ExitCodes.ERROR;
    }

    private static void document(
            JsonGenerator json, Optional<String> name, List<Problem> errors, List<Problem> warnings)
            throws IOException {
        json.writeStartObject();
        json.writeStringField("format", "lockstep.validate/1");
        json.writeBooleanField("valid", errors.isEmpty());
        if (name.isPresent()) {
            json.writeStringField("stack", name.get());
        }
        problems(json, "errors", errors);
        problems(json, "warnings", warnings);
        json.writeEndObject();
    }

    private static void problems(JsonGenerator json, String field, List<Problem> problems) throws IOException {
        json.writeArrayFieldStart(field);
        for (var problem : problems) {
            json.writeStartObject();
            if (!problem.at().isDefault()) {
                json.writeStringField("file", problem.at().file());
                json.writeNumberField("line", problem.at().line());
                json.writeNumberField("column", problem.at().column());
            }
            json.writeStringField("path", problem.path());
            json.writeStringField("message", problem.message());
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
