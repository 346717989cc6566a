package dev.lockstep.spec.canonical;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/** A document that can be written as JSON or YAML. */
sealed interface Value {
    /** Calls the method of the writer that is for this kind of value. */
    void writeTo(Writer writer);

    /** A form of writing documents. */
    interface Writer {
        /** Nothing, true or false, or a number: a word that is the same in JSON and YAML. */
        void word(String word);

        void text(String text);

        void items(List<? extends Value> items);

        void fields(Map<String, Value> fields);
    }

    /** Nothing. */
    record Null() implements Value {
        @Override
        public void writeTo(Writer writer) {
            writer.word("null");
        }
    }

    /** Text; a {@code $} in it is written {@code $$}, so that reading it again gives the same. */
    record Text(String text) implements Value {
        @Override
        public void writeTo(Writer writer) {
            writer.text(text.replace("$", "$$"));
        }
    }

    /** Text that is written as it is: what stands behind a {@code $} in it is still to be filled in. */
    record Verbatim(String text) implements Value {
        @Override
        public void writeTo(Writer writer) {
            writer.text(text);
        }
    }

    record Bool(boolean value) implements Value {
        @Override
        public void writeTo(Writer writer) {
            writer.word(Boolean.toString(value));
        }
    }

    /** A number in decimal digits, without an exponent. */
    record Numeral(String digits) implements Value {
        @Override
        public void writeTo(Writer writer) {
            writer.word(digits);
        }
    }

    record Items(List<? extends Value> values) implements Value {
        @Override
        public void writeTo(Writer writer) {
            writer.items(values);
        }
    }

    /** Fields by order. */
    record Fields(Map<String, Value> values) implements Value {
        Fields() {
            this(new LinkedHashMap<>());
        }

        @Override
        public void writeTo(Writer writer) {
            writer.fields(values);
        }

        Fields put(String key, Value value) {
            values.put(key, value);
            return this;
        }

        Fields put(String key, String text) {
            return put(key, new Text(text));
        }

        Fields put(String key, long number) {
            return put(key, new Numeral(Long.toString(number)));
        }

        /** Only if true: false is the default everywhere. */
        Fields putIf(String key, boolean value) {
            return value ? put(key, new Bool(true)) : this;
        }

        Fields putFlag(String key, Optional<Boolean> value) {
            value.ifPresent(flag -> put(key, new Bool(flag)));
            return this;
        }

        /** Only if there is one and it is not empty. */
        Fields putText(String key, Optional<String> text) {
            text.filter(t -> !t.isEmpty()).ifPresent(t -> put(key, t));
            return this;
        }

        Fields putNumber(String key, Optional<? extends Number> number) {
            number.ifPresent(n -> put(key, n.longValue()));
            return this;
        }

        /** Only if it has some. */
        Fields putTexts(String key, List<String> texts) {
            return putItems(key, texts, Text::new);
        }

        /** Only if there are some. */
        <T> Fields putItems(String key, List<T> items, Function<? super T, ? extends Value> value) {
            return items.isEmpty()
                    ? this
                    : put(key, new Items(items.stream().map(value).toList()));
        }

        /** Only if it has some, by key. */
        Fields putMap(String key, Map<String, String> texts) {
            return putMap(key, texts, Text::new);
        }

        /** Only if it has some, by key. */
        <T> Fields putMap(String key, Map<String, T> entries, Function<? super T, ? extends Value> value) {
            if (entries.isEmpty()) {
                return this;
            }
            var sorted = new Fields();
            new TreeMap<>(entries).forEach((name, entry) -> sorted.put(name, value.apply(entry)));
            return put(key, sorted);
        }
    }
}
