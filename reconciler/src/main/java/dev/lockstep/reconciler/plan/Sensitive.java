package dev.lockstep.reconciler.plan;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** What must not be shown: whether by the name of the variable or by the value itself. */
final class Sensitive {
    static final String MASK = "(sensitive)";

    private static final Pattern NAMES = Pattern.compile(
            ".*(PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|CREDENTIAL|APIKEY)" + ".*|.*_(KEY|PASS|PWD|DSN)|KEY|PASS|PWD");
    /** Shorter values would blot out half of every plan. */
    private static final int SHORTEST_VALUE = 6;

    private final Set<String> values;

    Sensitive(Set<String> values) {
        this.values = values;
    }

    /** The value as it may be shown. */
    String show(String name, String value) {
        return NAMES.matcher(name.toUpperCase(Locale.ROOT)).matches() ? MASK : show(value);
    }

    /** Any text, with the secret values in it masked. */
    String show(String text) {
        var shown = text;
        for (var value : values) {
            if (value.length() >= SHORTEST_VALUE && shown.contains(value)) {
                shown = shown.replace(value, MASK);
            }
        }
        return shown;
    }
}
