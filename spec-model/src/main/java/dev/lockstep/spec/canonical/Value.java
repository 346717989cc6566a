package dev.lockstep.spec.canonical;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A document that can be written as JSON or YAML. */
sealed interface Value {
    /** Nothing. */
    record Null() implements Value {}

    /** Text; a {@code $} in it is written {@code $$}, so that reading it again gives the same. */
    record Text(String text) implements Value {}

    record Bool(boolean value) implements Value {}

    record Decimal(BigDecimal value) implements Value {}

    record Items(List<? extends Value> values) implements Value {}

    /** Fields by order. */
    record Fields(Map<String, Value> values) implements Value {
        Fields() {
            this(new LinkedHashMap<>());
        }

        Fields put(String key, Value value) {
            values.put(key, value);
            return this;
        }

        Fields put(String key, String text) {
            return put(key, new Text(text));
        }

        Fields put(String key, long number) {
            return put(key, new Decimal(BigDecimal.valueOf(number)));
        }

        /** Only if true: false is the default everywhere. */
        Fields putIf(String key, boolean value) {
            return value ? put(key, new Bool(true)) : this;
        }
    }
}
