package dev.lockstep.spec.read;

import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Written;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The plain attributes of one service, each in the forms that Compose takes. An empty text counts as absent, as Compose
 * prints neither.
 */
final class Attributes {
    private final Reading reading;
    private final Fields fields;

    Attributes(Reading reading, Fields fields) {
        this.reading = reading;
        this.fields = fields;
    }

    Reading reading() {
        return reading;
    }

    Fields fields() {
        return fields;
    }

    Optional<String> text(String key) {
        return fields.text(key).filter(text -> !text.isEmpty());
    }

    /** What the parser makes of a text that is not empty. */
    <T> Optional<T> parsed(String key, Function<String, T> parser) {
        return text(key)
                .flatMap(text -> fields.node(key)
                        .flatMap(node -> reading.attempt(fields.path(key), node, () -> parser.apply(text))));
    }

    /** A text that is printed as it is, with its meaning. */
    <T> Optional<Written<T>> written(String key, Function<String, T> parser) {
        return text(key).map(text -> Written.of(text, parser));
    }

    boolean flag(String key) {
        return fields.flag(key, false);
    }

    /** True or false, where false is not the same as nothing. */
    Optional<Boolean> choice(String key) {
        return fields.node(key).flatMap(node -> reading.flag(fields.path(key), node));
    }

    /** A whole number of any size. */
    Optional<Long> whole(String key) {
        return fields.node(key).flatMap(node -> reading.integer(fields.path(key), node));
    }

    Optional<ByteSize> bytes(String key) {
        return fields.node(key).flatMap(node -> Values.bytes(reading, fields.path(key), node));
    }

    /** A list of texts. */
    List<String> texts(String key) {
        return fields.node(key).map(node -> each(key, node, reading::text)).orElse(List.of());
    }

    /** What {@code parser} makes of each text of a list. */
    <T> List<T> texts(String key, Function<String, T> parser) {
        return fields.node(key)
                .map(node -> each(key, node, (path, item) -> reading.parsed(path, item, parser)))
                .orElse(List.of());
    }

    /** A text, or a list of them. */
    List<String> oneOrMore(String key) {
        return fields.node(key)
                .map(node -> node instanceof YamlSequence
                        ? texts(key)
                        : text(key).map(List::of).orElse(List.of()))
                .orElse(List.of());
    }

    /** A list of texts and whole numbers. */
    List<String> numbersOrTexts(String key) {
        return fields.node(key).map(node -> each(key, node, this::numberOrText)).orElse(List.of());
    }

    private Optional<String> numberOrText(String path, YamlNode item) {
        if (item instanceof YamlScalar scalar && scalar.kind() == YamlScalar.Kind.INTEGER) {
            return Optional.of(scalar.asText());
        }
        return reading.text(path, item);
    }

    /** A mapping, or a list of {@code K=V}; what has no value is empty. */
    Map<String, String> keyValues(String key) {
        var values = new LinkedHashMap<String, String>();
        fields.keyValues(key).forEach((name, value) -> values.put(name, value.orElse("")));
        return values;
    }

    private <T> List<T> each(String key, YamlNode node, BiFunction<String, YamlNode, Optional<T>> read) {
        var path = fields.path(key);
        var items = reading.items(path, node);
        var all = new ArrayList<T>(items.size());
        for (var item : items) {
            var itemPath = path + "[" + all.size() + "]";
            reading.place(itemPath, item.at());
            read.apply(itemPath, item).ifPresent(all::add);
        }
        return all;
    }
}
