package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.SourcePosition;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What variables mean while a project is loaded, and where they were set. */
final class Variables {
    private final Map<String, Value> values = new HashMap<>();

    /** A value and its place; {@link SourcePosition#DEFAULT} for one of the environment. */
    record Value(String text, SourcePosition at) {}

    /** @param places where those of the environment stand that a file sets */
    Variables(Map<String, String> environment, Map<String, SourcePosition> places) {
        environment.forEach((name, text) ->
                values.put(name, new Value(text, places.getOrDefault(name, SourcePosition.DEFAULT))));
    }

    private Variables(Variables other) {
        values.putAll(other.values);
    }

    /** The same variables, to which more can be added without a change here. */
    Variables copy() {
        return new Variables(this);
    }

    Optional<Value> get(String name) {
        return Optional.ofNullable(values.get(name));
    }

    Optional<String> text(String name) {
        return get(name).map(Value::text);
    }

    void set(String name, Value value) {
        values.put(name, value);
    }

    /** Sets what is not yet set. */
    void addMissing(Map<String, Value> more) {
        more.forEach(values::putIfAbsent);
    }

    /** All of them by name. */
    SortedMap<String, String> texts() {
        var texts = new TreeMap<String, String>();
        values.forEach((name, value) -> texts.put(name, value.text()));
        return texts;
    }
}
