package dev.lockstep.spec.yaml;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The fields of one mapping with known keys. A key whose value is nothing counts as absent. */
public final class Fields {
    private final Reading reading;
    private final String path;
    private final SourcePosition at;
    private final Map<String, YamlMapping.Entry> entries;

    Fields(Reading reading, String path, SourcePosition at, Map<String, YamlMapping.Entry> entries) {
        this.reading = reading;
        this.path = path;
        this.at = at;
        this.entries = entries;
    }

    /**
     * Refuses keys that are not in {@code keys} and records where the others stand.
     *
     * @param nothing whether a key without a value is allowed everywhere
     */
    void check(Keys keys, boolean nothing) {
        entries.forEach((key, entry) -> {
            if (keys.known().contains(key)) {
                var value = entry.value();
                if (!nothing && Reading.isNull(value) && !keys.mayBeNothing().contains(key)) {
                    reading.error(entry.keyAt(), path(key), "has no value. Write one, or remove the key");
                }
                reading.place(path(key), value instanceof YamlScalar s && !s.isNull() ? s.at() : entry.keyAt());
            } else if (key.equals("x-lockstep")) {
                reading.error(
                        entry.keyAt(),
                        path(key),
                        "has no meaning here. It goes to the top level, or below a service, a network or a volume");
            } else if (!key.startsWith("x-") && !reading.isFull()) {
                reading.error(entry.keyAt(), path(key), Suggestion.unknownKey(key, keys.known()));
            }
        });
    }

    public SourcePosition at() {
        return at;
    }

    public String path() {
        return path;
    }

    public String path(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /** The place of a key, or of the whole mapping where the key is absent. */
    public SourcePosition at(String key) {
        var entry = entries.get(key);
        return entry == null ? at : entry.keyAt();
    }

    public boolean has(String key) {
        return node(key).isPresent();
    }

    /** The value of a key that has one. */
    public Optional<YamlNode> node(String key) {
        return written(key).filter(node -> !Reading.isNull(node));
    }

    /** The value of a key that stands there, be it nothing. */
    public Optional<YamlNode> written(String key) {
        return Optional.ofNullable(entries.get(key)).map(YamlMapping.Entry::value);
    }

    public Optional<String> text(String key) {
        return node(key).flatMap(node -> reading.text(path(key), node));
    }

    public boolean flag(String key, boolean otherwise) {
        return node(key).flatMap(node -> reading.flag(path(key), node)).orElse(otherwise);
    }

    public Optional<Integer> integer(String key, int least, int most) {
        return node(key).flatMap(node -> reading.integer(path(key), node, least, most));
    }

    public <T> Optional<T> parsed(String key, Function<String, T> parser) {
        return node(key).flatMap(node -> reading.parsed(path(key), node, parser));
    }

    /** A text with a unit; of a number without one is said at once how it is written with {@code unit}. */
    public <T> Optional<T> quantity(String key, String unit, Function<String, T> parser) {
        var node = node(key);
        if (node.isPresent() && node.get() instanceof YamlScalar scalar && scalar.isNumber()) {
            error(key, "needs a unit: write " + scalar.digits() + unit);
            return Optional.empty();
        }
        return parsed(key, parser);
    }

    public List<String> texts(String key) {
        return node(key).map(node -> reading.texts(path(key), node)).orElse(List.of());
    }

    public Map<String, Optional<String>> keyValues(String key) {
        return node(key).map(node -> reading.keyValues(path(key), node)).orElse(Map.of());
    }

    public Fields fields(String key, Keys keys) {
        return reading.fields(path(key), at(key), node(key).orElse(YamlScalar.nothing(at(key))), keys);
    }

    public void error(String key, String message) {
        reading.error(node(key).map(YamlNode::at).orElse(at), path(key), message);
    }
}
