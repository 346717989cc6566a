package dev.lockstep.spec.conformance;

import java.util.List;

/**
 * What Lockstep says to a case, with the case's directory written as {@code /conformance}.
 *
 * @param json the canonical form, empty when the files are refused
 * @param yaml the same as YAML
 * @param problems a line each, beginning with {@code error:}, {@code warning:} or {@code strict:}
 */
record Answer(String json, String yaml, List<String> problems) {
    Answer {
        problems = List.copyOf(problems);
    }

    boolean refused() {
        return json.isEmpty();
    }

    boolean warned() {
        return problems.stream().anyMatch(line -> line.startsWith("warning: "));
    }

    String lines() {
        return String.join("\n", problems);
    }
}
