package dev.lockstep.spec.yaml;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
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

    @Override
    public String kindInWords() {
        return "a mapping";
    }
}
