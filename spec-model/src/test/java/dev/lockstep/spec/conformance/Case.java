package dev.lockstep.spec.conformance;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One question to both programs: files, environment and arguments.
 *
 * @param topic the file that it stands in, or {@code real}
 * @param environment further variables than HOME
 * @param arguments before {@code config}
 * @param selection after {@code config}
 * @param directory where the command runs, below the case's own root
 * @param files text by path, relative to {@code directory}
 * @param links target by path
 * @param mark why the recorded answer is not the expected one
 */
record Case(
        String topic,
        String name,
        Map<String, String> environment,
        List<String> arguments,
        List<String> selection,
        String directory,
        Map<String, String> files,
        Map<String, String> links,
        Optional<Mark> mark) {
    Case {
        environment = Map.copyOf(environment);
        arguments = List.copyOf(arguments);
        selection = List.copyOf(selection);
        files = Collections.unmodifiableMap(new LinkedHashMap<>(files));
        links = Map.copyOf(links);
    }

    /** Whether flags leave something out of the answer, which then cannot be filled in again. */
    boolean isCut() {
        return selection.stream().anyMatch(word -> word.startsWith("--"));
    }

    /** The name of a file that is no part of the question but says what to expect, such as {@code expected.json}. */
    static boolean isExpectation(String file) {
        return file.startsWith("expected.");
    }

    /** Why another answer than the recorded one is expected. */
    sealed interface Mark {
        /** The newest Compose answers so; the recorded reference is older. */
        record Hand(String reason) implements Mark {}

        /**
         * We answer otherwise on purpose.
         *
         * @param key of the row in the module's README which gives the reason
         */
        record Differs(String key) implements Mark {}
    }
}
