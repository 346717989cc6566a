package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.runtime.Engine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Optional;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code inspect} of one sort of things: Docker's document of each that is named, or a template filled with them.
 *
 * @param search finds one by the word that was given for it
 * @param document writes about one
 * @param missing the sentence about a word that nothing goes by
 */
record Inspection<T>(Search<T> search, Document<T> document, UnaryOperator<String> missing) {
    /** Finds a thing; what cannot be its name is an IllegalArgumentException or finds nothing. */
    interface Search<T> {
        Optional<T> find(Engine engine, String word) throws IOException, CommandException;
    }

    /** Writes about a thing. */
    interface Document<T> {
        void write(JsonGenerator json, Engine engine, T thing) throws IOException;
    }

    static void describe(CommandSpec spec, String example) {
        spec.addOption(Options.value("FORMAT", "json, or a template such as " + example, "-f", "--format"));
    }

    int run(Invocation call, Engine engine) throws IOException, CommandException {
        var format = call.text("--format").filter(text -> !text.equals("json"));
        var template = format.isPresent() ? Optional.of(GoTemplate.parse(format.get())) : Optional.<GoTemplate>empty();
        var found = new ArrayList<T>();
        var code = ExitCodes.OK;
        for (var word : call.arguments()) {
            var thing = find(engine, word);
            thing.ifPresent(found::add);
            if (thing.isEmpty()) {
                call.say("lockstep: " + missing.apply(word));
                code = ExitCodes.ERROR;
            }
        }
        if (template.isPresent()) {
            var documents = found.stream()
                    .map(thing -> JsonText.line(json -> document.write(json, engine, thing)))
                    .toList();
            call.world().out().print(template.get().lines(documents));
            return code;
        }
        call.world().out().print(JsonText.document(json -> {
            json.writeStartArray();
            for (var thing : found) {
                document.write(json, engine, thing);
            }
            json.writeEndArray();
        }));
        return code;
    }

    private Optional<T> find(Engine engine, String word) throws IOException, CommandException {
        try {
            return search.find(engine, word);
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // Nothing has such a name.
        }
    }
}
