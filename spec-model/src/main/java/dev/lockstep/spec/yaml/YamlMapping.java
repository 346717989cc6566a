package dev.lockstep.spec.yaml;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A mapping with text keys, in file order; keys that came through {@code <<} follow the written ones. */
public record YamlMapping(SourcePosition at, Map<String, Entry> entries) implements YamlNode {
    /** A value, and where its key stands. */
    public record Entry(SourcePosition keyAt, YamlNode value) {}

    public YamlMapping {
        entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }

    /** The value of a key, or null if the key is absent. */
    public @Nullable YamlNode get(String key) {
        var entry = entries.get(key);
        return entry == null ? null : entry.value();
    }

    /** Makes another value of one; gives back the same where nothing is to be changed. */
    @FunctionalInterface
    public interface ValueChange {
        YamlNode apply(String key, YamlNode value);
    }

    /** The mapping with the values that {@code change} makes; this one if they are the same. */
    public YamlMapping mapValues(ValueChange change) {
        Map<String, Entry> changed = Map.of();
        for (var each : entries.entrySet()) {
            var before = each.getValue();
            var after = change.apply(each.getKey(), before.value);
            if (!after.isSame(before.value)) {
                changed = changed.isEmpty() ? new LinkedHashMap<>(entries) : changed;
                changed.put(each.getKey(), new Entry(before.keyAt, after));
            }
        }
        return changed.isEmpty() ? this : new YamlMapping(at, changed);
    }

    /** The mapping with another value at {@code key}; this one if it has no such key. */
    public YamlMapping mapValue(String key, UnaryOperator<YamlNode> change) {
        var before = entries.get(key);
        if (before == null) {
            return this;
        }
        var after = change.apply(before.value);
        if (after.isSame(before.value)) {
            return this;
        }
        var changed = new LinkedHashMap<>(entries);
        changed.put(key, new Entry(before.keyAt, after));
        return new YamlMapping(at, changed);
    }

    /** The mapping without some keys. */
    public YamlMapping without(Predicate<String> unwanted) {
        if (entries.keySet().stream().noneMatch(unwanted)) {
            return this;
        }
        var rest = new LinkedHashMap<>(entries);
        rest.keySet().removeIf(unwanted);
        return new YamlMapping(at, rest);
    }

    @Override
    public YamlMapping movedTo(SourcePosition place) {
        return new YamlMapping(place, entries);
    }

    @Override
    public String kindInWords() {
        return "a mapping";
    }
}
