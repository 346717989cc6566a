package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.SourcePosition;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What variables mean while a project is loaded, and where they were set. */
final class Variables {
    private final Map<String, Value> values = new HashMap<>();

    /** A value and its place; {@link SourcePosition#DEFAULT} for one of the environment. */
    record Value(String text, SourcePosition at) {}

    Variables(Map<String, String> environment) {
        environment.forEach((name, text) -> values.put(name, new Value(text, SourcePosition.DEFAULT)));
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
}
