package dev.lockstep.spec.read;

import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/** Lists and maps of single values, in the forms that recur in a Compose file. */
final class Lists {
    private final Reading reading;

    Lists(Reading reading) {
        this.reading = reading;
    }

    /** One text, or a list of them. */
    List<String> oneOrMany(Fields fields, String key) {
        return fields.node(key)
                .map(node -> node instanceof YamlSequence
                        ? each(fields, key, reading::text)
                        : one(fields.path(key), node).map(List::of).orElse(List.of()))
                .orElse(List.of());
    }

    private Optional<String> one(String path, YamlNode node) {
        reading.place(path + "[0]", node.at());
        return reading.text(path, node);
    }

    /** A list of texts of which no two are equal. */
    List<String> unique(Fields fields, String key) {
        return fields.node(key)
                .map(node -> {
                    var path = fields.path(key);
                    var items = reading.items(path, node);
                    var places = new HashMap<String, Integer>();
                    var texts = new ArrayList<String>(items.size());
                    for (var i = 0; i < items.size(); i++) {
                        var item = items.get(i);
                        var text = reading.text(path + "[" + i + "]", item);
                        if (text.isPresent() && isNew(places, text.get(), i, path, item)) {
                            texts.add(text.get());
                        }
                    }
                    return texts;
                })
                .orElseGet(ArrayList::new);
    }

    private boolean isNew(Map<String, Integer> places, String text, int place, String path, YamlNode item) {
        var earlier = places.putIfAbsent(text, place);
        if (earlier != null) {
            reading.error(
                    item.at(),
                    path,
                    "items at " + earlier + " and " + place + " are equal: \"" + text + "\". Remove one of them");
        }
        return earlier == null;
    }

    /** The same of names of other things, each with its place. */
    List<String> names(Fields fields, String key) {
        fields.node(key).ifPresent(node -> {
            if (node instanceof YamlSequence sequence) {
                for (var item : sequence.items()) {
                    if (item instanceof YamlScalar scalar && scalar.isText()) {
                        reading.place(fields.path(key) + "." + scalar.text(), scalar.at());
                    }
                }
            }
        });
        return unique(fields, key);
    }

    /** A list of texts; of equal ones the first stays. */
    List<String> distinct(Fields fields, String key) {
        return List.copyOf(new LinkedHashSet<>(fields.texts(key)));
    }

    /** What {@code item} makes of each item of a list, which is given its path; nothing is left out. */
    <T> List<T> each(Fields fields, String key, BiFunction<String, YamlNode, Optional<T>> item) {
        return fields.node(key)
                .map(node -> {
                    var path = fields.path(key);
                    var items = reading.items(path, node);
                    var all = new ArrayList<T>(items.size());
                    for (var i = 0; i < items.size(); i++) {
                        var itemPath = path + "[" + i + "]";
                        reading.place(itemPath, items.get(i).at());
                        item.apply(itemPath, items.get(i)).ifPresent(all::add);
                    }
                    return all;
                })
                .orElseGet(ArrayList::new);
    }

    /** Options of a driver: a mapping to texts and numbers. */
    Map<String, String> options(Fields fields, String key) {
        return scalars(fields, key, false);
    }

    /** The same where nothing is allowed as well, and means an empty text. */
    Map<String, String> optionsOrNothing(Fields fields, String key) {
        return scalars(fields, key, true);
    }

    private Map<String, String> scalars(Fields fields, String key, boolean nothing) {
        var values = new LinkedHashMap<String, String>();
        var path = fields.path(key);
        fields.node(key).ifPresent(node -> {
            if (!(node instanceof YamlMapping mapping)) {
                reading.mustBe(path, node, "a mapping");
                return;
            }
            mapping.entries().forEach((name, entry) -> {
                var valuePath = path + "." + name;
                if (entry.value() instanceof YamlScalar scalar
                        && scalar.kind() != YamlScalar.Kind.BOOLEAN
                        && (nothing || !scalar.isNull())) {
                    reading.place(valuePath, scalar.isNull() ? entry.keyAt() : scalar.at());
                    values.put(name, scalar.asText());
                } else if (entry.value() instanceof YamlScalar scalar && !scalar.isNull()) {
                    reading.error(
                            scalar.at(),
                            valuePath,
                            "must be text or a number. Write it in quotes: \"" + scalar.text() + "\"");
                } else {
                    reading.mustBe(valuePath, entry.value(), "text or a number");
                }
            });
        });
        return values;
    }
}
