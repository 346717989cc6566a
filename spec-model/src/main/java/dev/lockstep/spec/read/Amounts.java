package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Decimal;
import dev.lockstep.spec.model.FileMode;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.Optional;
import java.util.regex.Pattern;

/** Numbers with a fraction, and file modes. */
final class Amounts {
    private static final Pattern NUMBER = Pattern.compile("(?=.*\\d)\\d{0,9}(?:\\.\\d{0,20})?");
    /** A decimal number that somebody may have meant as octal. */
    private static final Pattern LIKE_OCTAL = Pattern.compile("[1-7][0-7]{2}");

    private final Reading reading;

    Amounts(Reading reading) {
        this.reading = reading;
    }

    /** A number of CPUs, also as text. */
    Optional<Decimal> cpus(Fields fields, String key) {
        return fields.node(key).flatMap(node -> decimal(fields.path(key), node, "a number of CPUs"));
    }

    /**
     * A number that may have a fraction, also as text.
     *
     * @param what it is, for the message
     */
    Optional<Decimal> decimal(String path, YamlNode node, String what) {
        if (!(node instanceof YamlScalar scalar) || scalar.isNull() || scalar.kind() == YamlScalar.Kind.BOOLEAN) {
            reading.mustBe(path, node, what);
            return Optional.empty();
        }
        return reading.attempt(path, node, () -> {
            var text = scalar.asText();
            if (!NUMBER.matcher(text).matches()) {
                throw new IllegalArgumentException("\"" + text + "\" is not " + what + ". Write one such as 0.5 or 2");
            }
            return Decimal.parse(text);
        });
    }

    /** A YAML number as it is ({@code 0440} is octal to YAML, {@code 440} is not), text in octal. */
    Optional<FileMode> mode(Fields fields, String key) {
        return fields.node(key).flatMap(node -> {
            var path = fields.path(key);
            if (node instanceof YamlScalar number && number.kind() == YamlScalar.Kind.FLOAT) {
                // 0999 is one to YAML: its digits are none of octal.
                return reading.attempt(path, node, () -> FileMode.parse(number.text()));
            }
            if (!(node instanceof YamlScalar scalar) || scalar.kind() != YamlScalar.Kind.INTEGER) {
                return reading.parsed(path, node, FileMode::parse);
            }
            var mode = reading.integer(path, node)
                    .flatMap(bits -> reading.attempt(
                            path, node, () -> new FileMode((int) Math.max(-1, Math.min(bits, Integer.MAX_VALUE)))));
            mode.filter(m -> LIKE_OCTAL.matcher(scalar.text()).matches()).ifPresent(m -> {
                reading.warning(
                        node.at(),
                        path,
                        "is the decimal number " + scalar.text() + ", which is the mode " + m + ". Write 0"
                                + scalar.text() + " if you mean the octal one");
            });
            return mode;
        });
    }
}
