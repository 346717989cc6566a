package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.PrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.reconciler.plan.IndentedJson;
import dev.lockstep.reconciler.plan.Printable;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes JSON answers. Streaming alone: binding objects would load ten times the classes. */
final class JsonText {
    private JsonText() {}

    /** What is written into the document. */
    @FunctionalInterface
    interface Content {
        void write(JsonGenerator json) throws IOException;
    }

    /** One document, indented, with a newline at the end. */
    static String document(Content content) {
        return write(content, IndentedJson.printer());
    }

    /** What was read, indented, with a newline at the end. */
    static String document(JsonNode read) throws IOException {
        return printable(
                JsonMapper.builder().build().writer(IndentedJson.printer()).writeValueAsString(read));
    }

    /** One document on one line, with a newline at the end. */
    static String line(Content content) {
        return write(content, null);
    }

    private static String write(Content content, @Nullable PrettyPrinter printer) {
        var text = new StringWriter();
        try (var json = new JsonFactory().createGenerator(text)) {
            if (printer != null) {
                json.setPrettyPrinter(printer);
            }
            content.write(json);
        } catch (IOException e) {
            throw new UncheckedIOException("a string cannot fail", e);
        }
        return printable(text.append('\n').toString());
    }

    /**
     * A document that says the same and is harmless for a terminal: JSON itself escapes neither what a terminal takes
     * for the beginning of a command beyond ASCII, nor marks that change the direction of writing.
     */
    static String printable(String document) {
        return document.lines().map(line -> Printable.text(line) + "\n").collect(Collectors.joining());
    }
}
