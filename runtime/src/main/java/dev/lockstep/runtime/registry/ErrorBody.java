package dev.lockstep.runtime.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Optional;

/** What registries say when they refuse (distribution specification, "Error Codes"). */
final class ErrorBody {
    private static final int LENGTH = 300;

    private ErrorBody() {}

    /** Code and message of the first error, on one line; empty for HTML and other bodies that are no such document. */
    static Optional<String> read(JsonMapper json, String body) {
        try {
            var error = json.readTree(body).path("errors").path(0);
            var code = error.path("code").asText("");
            var message = error.path("message").asText("");
            var text = (code + (code.isEmpty() || message.isEmpty() ? "" : ": ") + message)
                    .replaceAll("\\p{Cntrl}+", " ")
                    .strip();
            return text.isEmpty()
                    ? Optional.empty()
                    : Optional.of(text.length() > LENGTH ? text.substring(0, LENGTH) + "…" : text);
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }
}
