package dev.lockstep.runtime.build;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A stage after one of its instructions.
 *
 * @param variables what instructions and RUN see: of ENV and ARG of one name, what came last
 * @param declared build arguments in the order of their declarations; those without a value too
 * @param inherited how many lines of the history are those of the image at its beginning
 */
record StageState(
        ImageDraft draft, Map<String, String> variables, Map<String, Optional<String>> declared, int inherited) {
    StageState {
        variables = Collections.unmodifiableMap(new LinkedHashMap<>(variables));
        declared = Collections.unmodifiableMap(new LinkedHashMap<>(declared));
    }

    /** Upon an image. */
    static StageState of(ImageDraft image) {
        var begun = image.asBase();
        return new StageState(
                begun, begun.config().environment(), Map.of(), image.history().size());
    }

    /** As another stage begins that is built from this one: arguments keep their values, and no line tells of them. */
    StageState asBase() {
        return new StageState(draft.asBase(), variables, Map.of(), inherited);
    }

    StageState with(ImageDraft next) {
        return new StageState(next, variables, declared, inherited);
    }

    StageState env(Map<String, String> pairs) {
        var all = new LinkedHashMap<>(variables);
        all.putAll(pairs);
        return new StageState(draft.env(pairs), all, declared, inherited);
    }

    /** One declaration; the line of history is written for the whole instruction. */
    StageState declare(String name, Optional<String> value) {
        var all = new LinkedHashMap<>(variables);
        value.ifPresent(text -> all.put(name, text));
        var known = new LinkedHashMap<>(declared);
        known.put(name, value);
        return new StageState(draft, all, known, inherited);
    }

    Optional<String> variable(String name) {
        return Optional.ofNullable(variables.get(name));
    }

    /** {@code NAME=value} of the declared arguments, as they are seen. */
    List<String> arguments() {
        var all = new ArrayList<String>();
        declared.forEach((name, value) ->
                all.add(name + "=" + variable(name).or(() -> value).orElse("")));
        return all;
    }
}
