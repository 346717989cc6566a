package dev.lockstep.spec.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Optional;

/** The reference's answers to the cases of one topic. */
final class Recording {
    private final String topic;
    private final JsonNode answers;

    Recording(ObjectMapper mapper, String topic) throws IOException {
        this.topic = topic;
        this.answers =
                mapper.readTree(CaseFile.ROOT.resolve(topic + ".recorded.json").toFile());
    }

    /** The canonical form; empty if the reference refuses the case. */
    Optional<JsonNode> config(Case subject) {
        var answer = answer(subject);
        return answer.path("exit").intValue() == 0 ? Optional.of(answer.required("config")) : Optional.empty();
    }

    boolean warned(Case subject) {
        return answer(subject).has("warnings");
    }

    int size() {
        return answers.size();
    }

    private JsonNode answer(Case subject) {
        var answer = answers.path(subject.name());
        if (answer.isMissingNode()) {
            throw new AssertionError("not recorded: run src/test/conformance/record " + topic);
        }
        return answer;
    }
}
