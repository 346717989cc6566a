package dev.lockstep.reconciler.plan;

import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Step;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What must not be shown: whether by the name of the variable or by the value itself. */
final class Sensitive {
    static final String MASK = "(sensitive)";

    private static final Pattern NAMES = Pattern.compile(
            ".*(PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|CREDENTIAL|APIKEY)" + ".*|.*_(KEY|PASS|PWD|DSN)|KEY|PASS|PWD");

    private final Secrets secrets;
    /** Any of the secret values, the longest that fits; absent where there is none. */
    private final Optional<Pattern> values;

    Sensitive(Secrets secrets) {
        this.secrets = secrets;
        this.values = Optional.of(secrets.maskable().map(Pattern::quote).collect(Collectors.joining("|")))
                .filter(any -> !any.isEmpty())
                .map(Pattern::compile);
    }

    /** Whether a value that stands there, or a variable in it, is one of the host's secrets. */
    boolean covers(SourcePosition at) {
        return secrets.files().contains(at.file())
                || at.via().stream()
                        .anyMatch(step -> step instanceof Step.Substituted variable
                                && secrets.files().contains(variable.at().file()));
    }

    /** Whether the host has secrets: then a value that is gone from everywhere may have been one. */
    boolean mayHaveBeen() {
        return !secrets.files().isEmpty();
    }

    /** The value as it may be shown. */
    String show(String name, String value) {
        return NAMES.matcher(name.toUpperCase(Locale.ROOT)).matches() ? MASK : show(value);
    }

    /** Any text, with the secret values in it masked. */
    String show(String text) {
        return values.map(any -> any.matcher(text).replaceAll(MASK)).orElse(text);
    }
}
