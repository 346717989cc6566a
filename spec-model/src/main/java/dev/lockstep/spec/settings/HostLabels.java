package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.Fields;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** The words by which hosts are told apart, and the names that they and stacks may have. */
final class HostLabels {
    private static final Pattern KEY = Pattern.compile("[a-zA-Z0-9](?:[a-zA-Z0-9._/-]{0,61}[a-zA-Z0-9])?");
    private static final Pattern HOST = Pattern.compile("[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,62}[a-zA-Z0-9])?");
    private static final Pattern STACK = Pattern.compile("[a-z0-9][a-z0-9_-]*");

    private HostLabels() {}

    /** The labels below {@code key}, in file order; a label without a value has the empty text. */
    static Map<String, String> read(Fields fields, String key) {
        var labels = new LinkedHashMap<String, String>();
        fields.keyValues(key).forEach((name, value) -> {
            if (KEY.matcher(name).matches()) {
                labels.put(name, value.orElse(""));
            } else {
                fields.error(
                        key,
                        "\"" + name + "\" is not a label. Write up to 63 letters, digits, \".\", \"_\", \"/\" and"
                                + " \"-\", a letter or digit first and last");
            }
        });
        return labels;
    }

    static String host(String text) {
        if (!HOST.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not a host name");
        }
        return text;
    }

    static String stack(String text) {
        if (!STACK.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text
                    + "\" is not the name of a stack. Write lower-case letters, digits, \"-\" and \"_\", a letter or"
                    + " digit first");
        }
        return text;
    }
}
