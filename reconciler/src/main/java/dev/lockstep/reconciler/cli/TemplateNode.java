package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;

/** A piece of a template as {@link TemplateParser} read it. */
sealed interface TemplateNode {
    /** What stands between actions. */
    record Text(String text) implements TemplateNode {}

    /** The value of it is printed. */
    record Print(Pipeline pipeline) implements TemplateNode {}

    /** {@code $name := …}, and {@code $name = …} alike: nothing is printed. */
    record Assign(String variable, Pipeline pipeline) implements TemplateNode {}

    /** {@code if}, with {@code else if} as a condition of its own. */
    record If(Pipeline condition, List<TemplateNode> body, List<TemplateNode> otherwise) implements TemplateNode {}

    /** {@code with}: the value is the dot of the body. */
    record With(Pipeline value, List<TemplateNode> body, List<TemplateNode> otherwise) implements TemplateNode {}

    /**
     * {@code range}: each item is the dot of the body.
     *
     * @param index variable that takes the number or the key
     * @param item variable that takes the item
     */
    record Range(
            Optional<String> index,
            Optional<String> item,
            Pipeline items,
            List<TemplateNode> body,
            List<TemplateNode> otherwise)
            implements TemplateNode {}

    /** Calls, each with the value of the one before as its last argument. */
    record Pipeline(List<Call> calls) {
        public Pipeline {
            calls = List.copyOf(calls);
        }
    }

    /** The first word is a function, a method, or with no others behind it a value. */
    record Call(List<Word> words) {
        public Call {
            words = List.copyOf(words);
        }
    }

    /** What an action is made of. */
    sealed interface Word {}

    /** A function's name. */
    record Function(String name) implements Word {}

    /** Text, number, boolean or nil. */
    record Literal(JsonNode value) implements Word {}

    /** {@code .A.B}; no names: the dot itself. */
    record Field(List<String> names) implements Word {}

    /** {@code $name.A.B}; {@code $} alone has the name {@code $}. */
    record Variable(String name, List<String> names) implements Word {}

    /** {@code (…).A.B}. */
    record Group(Pipeline pipeline, List<String> names) implements Word {}
}
