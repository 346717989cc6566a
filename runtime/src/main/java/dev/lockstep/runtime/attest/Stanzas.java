package dev.lockstep.runtime.attest;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Files of fields in paragraphs with an empty line between them, as dpkg and Python write them. */
final class Stanzas {
    /** The fields that count; what a stranger's file has beside them is not kept. */
    private static final Set<String> FIELDS =
            Set.of("package", "status", "version", "architecture", "name", "license", "license-expression");

    private Stanzas() {}

    /**
     * Hands over one after the other, with field names in lower case; lines that go on are left out, for no field that
     * counts has any.
     *
     * @param most paragraphs that are read
     */
    static void read(BufferedReader in, int most, Consumer<Map<String, String>> each) throws IOException {
        var stanza = new HashMap<String, String>();
        var left = most;
        for (var line = in.readLine(); line != null && left > 0; line = in.readLine()) {
            if (line.isBlank()) {
                if (!stanza.isEmpty()) {
                    each.accept(Map.copyOf(stanza));
                    stanza.clear();
                    left--;
                }
                continue;
            }
            var colon = line.indexOf(':');
            if (colon > 0 && !Character.isWhitespace(line.charAt(0))) {
                var field = line.substring(0, colon).toLowerCase(Locale.ROOT);
                if (FIELDS.contains(field)) {
                    stanza.putIfAbsent(field, line.substring(colon + 1).strip());
                }
            }
        }
        if (!stanza.isEmpty() && left > 0) {
            each.accept(Map.copyOf(stanza));
        }
    }
}
