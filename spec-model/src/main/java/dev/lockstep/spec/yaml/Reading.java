package dev.lockstep.spec.yaml;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * What the readers of one project share: the problems found, the places of values, and how a node becomes a value of a
 * type. A node of the wrong type is a problem and reads as absent, so that reading goes on and finds the next one.
 */
public final class Reading {
    private static final Pattern WHOLE = Pattern.compile("[-+]?\\d{1,19}");

    private final Problems problems;
    private final boolean nothing;
    private final Set<SourcePosition> aside;
    private final Problems ofAside;
    private final Map<String, SourcePosition> places = new HashMap<>();

    /** Tells what is wrong to {@code problems}. A known key without a value counts as absent. */
    public Reading(Problems problems) {
        this(problems, true, Set.of(), problems);
    }

    private Reading(Problems problems, boolean nothing, Set<SourcePosition> aside, Problems ofAside) {
        this.problems = problems;
        this.nothing = nothing;
        this.aside = aside;
        this.ofAside = ofAside;
    }

    /** One for which a known key without a value is a problem, unless its {@link Keys} allow it. */
    public static Reading refusingNothing(Problems problems) {
        return new Reading(problems, false, Set.of(), problems);
    }

    /** The same one where what is wrong at some places goes elsewhere: nobody knows yet what stands there. */
    public Reading settingAside(Set<SourcePosition> places, Problems to) {
        return new Reading(problems, nothing, Set.copyOf(places), to);
    }

    private Problems problemsAt(SourcePosition at) {
        return aside.contains(at) ? ofAside : problems;
    }

    /** The place of each value that was read, by its path. */
    public Map<String, SourcePosition> places() {
        return places;
    }

    /** True when there are more errors than anybody reads: what costs time to say may be left out. */
    public boolean isFull() {
        return problems.isFull();
    }

    /** Records where a value stands. */
    public void place(String path, SourcePosition at) {
        places.put(path, at);
    }

    public void error(SourcePosition at, String path, String message) {
        problemsAt(at).error(at, path, message);
    }

    public void warning(SourcePosition at, String path, String message) {
        problemsAt(at).warning(at, path, message);
    }

    /** The mapping at {@code node}; nothing counts as one without entries. */
    public Fields fields(String path, SourcePosition at, YamlNode node, Keys keys) {
        var fields = new Fields(this, path, at, mapping(path, node));
        fields.check(keys, nothing);
        return fields;
    }

    /** The same where users choose the keys, which must then be names. */
    public Map<String, YamlMapping.Entry> named(String path, YamlNode node) {
        var entries = new LinkedHashMap<String, YamlMapping.Entry>();
        mapping(path, node).forEach((key, entry) -> {
            place(path + "." + key, entry.value() instanceof YamlScalar s && !s.isNull() ? s.at() : entry.keyAt());
            if (isName(key)) {
                entries.put(key, entry);
            } else {
                error(
                        entry.keyAt(),
                        path,
                        "\"" + key + "\" is not a name. Names have letters, digits, \".\", \"_\" and \"-\" only");
            }
        });
        return entries;
    }

    private static boolean isName(String key) {
        for (var i = 0; i < key.length(); i++) {
            var c = key.charAt(i);
            var letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-') {
                return false;
            }
        }
        return !key.isEmpty();
    }

    private Map<String, YamlMapping.Entry> mapping(String path, YamlNode node) {
        if (node instanceof YamlMapping mapping) {
            return mapping.entries();
        }
        if (!isNull(node)) {
            mustBe(path, node, "a mapping");
        }
        return Map.of();
    }

    /** The items of a list; nothing counts as an empty one. */
    public List<YamlNode> items(String path, YamlNode node) {
        if (node instanceof YamlSequence sequence) {
            return sequence.items();
        }
        if (!isNull(node)) {
            mustBe(path, node, "a list");
        }
        return List.of();
    }

    /** A list of texts. */
    public List<String> texts(String path, YamlNode node) {
        var texts = new ArrayList<String>();
        var items = items(path, node);
        for (var i = 0; i < items.size(); i++) {
            text(path + "[" + i + "]", items.get(i)).ifPresent(texts::add);
        }
        return texts;
    }

    public Optional<String> text(String path, YamlNode node) {
        if (node instanceof YamlScalar scalar && scalar.isText()) {
            return Optional.of(scalar.text());
        }
        if (node instanceof YamlScalar scalar && !scalar.isNull()) {
            error(
                    node.at(),
                    path,
                    "must be text, and YAML takes " + scalar.text() + " for " + scalar.kindInWords()
                            + ". Write it in quotes: \"" + scalar.text() + "\"");
        } else {
            mustBe(path, node, "text");
        }
        return Optional.empty();
    }

    /** True or false, also as text, which is what a variable gives. */
    public Optional<Boolean> flag(String path, YamlNode node) {
        if (node instanceof YamlScalar scalar && (scalar.isText() || scalar.kind() == YamlScalar.Kind.BOOLEAN)) {
            var word = scalar.text().toLowerCase(Locale.ROOT);
            switch (word) {
                case "true" -> {
                    return Optional.of(true);
                }
                case "false" -> {
                    return Optional.of(false);
                }
                case "y", "yes", "on", "n", "no", "off" -> {
                    var value = word.equals("on") || word.startsWith("y");
                    warning(
                            node.at(),
                            path,
                            "\"" + scalar.text() + "\" for a boolean is not supported by YAML 1.2. Write " + value);
                    return Optional.of(value);
                }
                default -> {}
            }
        }
        mustBe(path, node, "true or false");
        return Optional.empty();
    }

    /** A whole number, also as text, which is what a variable gives, and written as {@code 2.0}. */
    public Optional<Long> integer(String path, YamlNode node) {
        if (node instanceof YamlScalar scalar && (isInteger(scalar) || scalar.kind() == YamlScalar.Kind.FLOAT)) {
            try {
                return Optional.of(
                        scalar.kind() == YamlScalar.Kind.FLOAT
                                ? new BigDecimal(scalar.asText()).longValueExact()
                                : new BigInteger(scalar.asText()).longValueExact());
            } catch (ArithmeticException | NumberFormatException e) {
                // Larger than a long, with a fraction, or no number: said below.
            }
        }
        if (node instanceof YamlScalar scalar && scalar.kind() == YamlScalar.Kind.FLOAT) {
            error(node.at(), path, "must be a whole number, not " + scalar.text());
        } else if (node instanceof YamlScalar scalar && isInteger(scalar)) {
            error(node.at(), path, "is larger than any number can be here: " + scalar.text());
        } else {
            mustBe(path, node, "a whole number");
        }
        return Optional.empty();
    }

    private static boolean isInteger(YamlScalar scalar) {
        return scalar.kind() == YamlScalar.Kind.INTEGER
                || (scalar.isText() && WHOLE.matcher(scalar.text()).matches());
    }

    /** A whole number between two bounds, both included. */
    public Optional<Integer> integer(String path, YamlNode node, int least, int most) {
        var value = integer(path, node);
        if (value.isPresent() && (value.get() < least || value.get() > most)) {
            error(node.at(), path, "must be between " + least + " and " + most + ", not " + value.get());
            return Optional.empty();
        }
        return value.map(Long::intValue);
    }

    /** What {@code parser} makes of a text; its {@link IllegalArgumentException} is the message. */
    public <T> Optional<T> parsed(String path, YamlNode node, Function<String, T> parser) {
        return text(path, node).flatMap(text -> attempt(path, node, () -> parser.apply(text)));
    }

    /** What {@code action} gives; its {@link IllegalArgumentException} is the message. */
    public <T> Optional<T> attempt(String path, YamlNode node, Supplier<T> action) {
        try {
            return Optional.of(action.get());
        } catch (IllegalArgumentException e) {
            error(node.at(), path, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    /** A mapping or a list of {@code K=V} as texts; a key without value has none. */
    public Map<String, Optional<String>> keyValues(String path, YamlNode node) {
        var values = new LinkedHashMap<String, Optional<String>>();
        if (node instanceof YamlSequence sequence) {
            for (var i = 0; i < sequence.items().size(); i++) {
                var item = sequence.items().get(i);
                if (item instanceof YamlScalar scalar && scalar.isText()) {
                    var pair = KeyValue.of(scalar);
                    if (pair.key().endsWith(" ")) {
                        error(scalar.at(), path, "the name \"" + pair.key() + "\" ends with a space");
                    } else {
                        keyValue(path, pair.key(), scalar.at(), scalar.at(), pair.value(), values);
                    }
                } else {
                    mustBe(path + "[" + i + "]", item, "KEY=VALUE");
                }
            }
        } else {
            mapping(path, node).forEach((key, entry) -> {
                var at = entry.value() instanceof YamlScalar s && !s.isNull() ? s.at() : entry.keyAt();
                keyValue(path, key, entry.keyAt(), at, entry.value(), values);
            });
        }
        return values;
    }

    private void keyValue(
            String path,
            String key,
            SourcePosition keyAt,
            SourcePosition at,
            YamlNode value,
            Map<String, Optional<String>> values) {
        if (key.isEmpty()) {
            error(keyAt, path, "a name is missing before \"=\"");
        } else if (value instanceof YamlScalar scalar) {
            place(path + "." + key, at);
            // A later item of a list overrides an earlier one of the same name.
            values.put(key, scalar.isNull() ? Optional.empty() : Optional.of(scalar.asText()));
        } else {
            mustBe(path + "." + key, value, "a single value");
        }
    }

    public void mustBe(String path, YamlNode node, String expected) {
        var given = node instanceof YamlScalar scalar
                        && scalar.isText()
                        && scalar.text().length() <= 60
                ? "\"" + scalar.text() + "\""
                : node.kindInWords();
        error(node.at(), path, "must be " + expected + ", not " + given);
    }

    public static boolean isNull(YamlNode node) {
        return node instanceof YamlScalar scalar && scalar.isNull();
    }
}
