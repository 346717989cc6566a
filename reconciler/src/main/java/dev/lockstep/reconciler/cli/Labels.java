package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/** Labels and names of things, as options and filters of commands write them. */
final class Labels {
    private Labels() {}

    /** {@code KEY=VALUE}, or {@code KEY} for one that is empty; options of drivers are written so, too. */
    static Map<String, String> of(List<String> texts) {
        var labels = new LinkedHashMap<String, String>();
        for (var text : texts) {
            var words = text.split("=", 2);
            labels.put(words[0], words.length == 1 ? "" : words[1]);
        }
        return labels;
    }

    /** As a filter has it: of a label it is enough to be there when no value is given. */
    static Predicate<Map<String, String>> matching(String text) {
        var words = text.split("=", 2);
        return words.length == 1
                ? labels -> labels.containsKey(words[0])
                : labels -> words[1].equals(labels.get(words[0]));
    }

    /** A pattern that is looked for in a name. */
    static Pattern pattern(String text) throws CommandException {
        try {
            return Pattern.compile(text);
        } catch (PatternSyntaxException e) {
            throw new CommandException("\"" + Printable.text(text) + "\" is no pattern: " + e.getDescription());
        }
    }

    /** As a line of a list has them. */
    static String text(Map<String, String> labels) {
        return labels.entrySet().stream()
                .map(label -> label.getKey() + "=" + label.getValue())
                .collect(Collectors.joining(","));
    }
}
