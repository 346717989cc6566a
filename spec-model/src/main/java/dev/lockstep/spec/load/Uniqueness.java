package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Optional;

/**
 * Lists of a merged tree whose entries have an identity ({@link MergeRules.Identity}): the later of two that are the
 * same takes the place of the earlier, as a whole.
 */
final class Uniqueness {
    private final Problems problems;

    Uniqueness(Problems problems) {
        this.problems = problems;
    }

    YamlNode apply(YamlNode root) {
        return apply(MergeRules.PROJECT, "", root);
    }

    private YamlNode apply(PathTable<MergeRules.Row> rules, String path, YamlNode node) {
        if (node instanceof YamlSequence sequence) {
            var identity = rules.value().map(MergeRules.Row::identity).orElse(MergeRules.Identity.NONE);
            return sequence(identity, path, sequence);
        }
        return node instanceof YamlMapping mapping && !rules.isLeaf()
                ? mapping.mapValues(
                        (key, value) -> apply(rules.below(key), path.isEmpty() ? key : path + "." + key, value))
                : node;
    }

    private YamlSequence sequence(MergeRules.Identity identity, String path, YamlSequence sequence) {
        if (identity == MergeRules.Identity.NONE || identity == MergeRules.Identity.LONG_FORM) {
            return sequence;
        }
        var items = new ArrayList<YamlNode>();
        var places = new HashMap<String, Integer>();
        for (var item : sequence.items()) {
            // What has no identity is wrong in another way, which its reader says.
            var place = identity(identity, item).map(key -> places.putIfAbsent(key, items.size()));
            if (place.isEmpty()) {
                items.add(item);
            } else if (identity == MergeRules.Identity.NO_REPEAT) {
                problems.error(
                        item.at(),
                        path,
                        "\"" + ((YamlScalar) item).asText() + "\" is here twice, also at "
                                + items.get(place.get()).at() + ". Remove one");
            } else {
                items.set(place.get(), Merge.replacing(items.get(place.get()), item));
            }
        }
        return items.size() == sequence.items().size() ? sequence : new YamlSequence(sequence.at(), items);
    }

    private static Optional<String> identity(MergeRules.Identity identity, YamlNode item) {
        return switch (identity) {
            case NONE, LONG_FORM -> Optional.empty();
            case TEXT, NO_REPEAT -> text(item);
            case KEY -> text(item).map(text -> before(text, '='));
            case DEVICE ->
                text(item)
                        .map(Uniqueness::deviceTarget)
                        .or(() -> text(item, "target"))
                        .or(() -> text(item, "source"));
            case SECRET ->
                text(item)
                        .map(name -> "/run/secrets/" + name)
                        .or(() -> text(item, "target"))
                        .or(() -> text(item, "source").map(name -> "/run/secrets/" + name));
            case CONFIG ->
                text(item)
                        .map(name -> "/" + name)
                        .or(() -> text(item, "target"))
                        .or(() -> text(item, "source").map(name -> "/" + name));
            case FILE -> text(item).or(() -> text(item, "path"));
        };
    }

    /** The second part of {@code SOURCE:TARGET:PERMISSIONS}, or the only one. */
    private static String deviceTarget(String device) {
        var parts = device.split(":", -1);
        return parts.length > 1 ? parts[1] : device;
    }

    private static String before(String text, char end) {
        var at = text.indexOf(end);
        return at < 0 ? text : text.substring(0, at);
    }

    private static Optional<String> text(YamlNode node) {
        return node instanceof YamlScalar scalar && !scalar.isNull() ? Optional.of(scalar.asText()) : Optional.empty();
    }

    private static Optional<String> text(YamlNode node, String key) {
        return node instanceof YamlMapping mapping && mapping.get(key) instanceof YamlScalar scalar
                ? text(scalar)
                : Optional.empty();
    }
}
