package dev.lockstep.spec.read;

import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Written;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The plain attributes of one service, each in the forms that Compose takes. An empty text counts as absent, as Compose
 * prints neither.
 */
final class Attributes {
    private final Reading reading;
    private final Fields fields;
    private final Lists lists;

    Attributes(Reading reading, Fields fields) {
        this.reading = reading;
        this.fields = fields;
        this.lists = new Lists(reading);
    }

    Reading reading() {
        return reading;
    }

    Fields fields() {
        return fields;
    }

    Optional<String> text(String key) {
        return Values.text(fields, key);
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
        return lists.each(fields, key, reading::text);
    }

    /** What {@code parser} makes of each text of a list. */
    <T> List<T> texts(String key, Function<String, T> parser) {
        return lists.each(fields, key, (path, item) -> reading.parsed(path, item, parser));
    }

    /** A text, or a list of them. */
    List<String> oneOrMore(String key) {
        return lists.oneOrMany(fields, key);
    }

    /** A list of texts and whole numbers. */
    List<String> numbersOrTexts(String key) {
        return lists.each(fields, key, this::numberOrText);
    }

    private Optional<String> numberOrText(String path, YamlNode item) {
        if (item instanceof YamlScalar scalar && scalar.kind() == YamlScalar.Kind.INTEGER) {
            return Optional.of(scalar.asText());
        }
        return reading.text(path, item);
    }

    /** A mapping, or a list of {@code K=V}; what has no value is empty. */
    Map<String, String> keyValues(String key) {
        return Values.keyValues(fields, key);
    }
}
