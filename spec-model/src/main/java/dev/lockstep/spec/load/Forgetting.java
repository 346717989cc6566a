package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.KeyValue;
import dev.lockstep.spec.yaml.YamlDocument;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What {@code !reset} and {@code !override} of one document delete from what lies under it. */
final class Forgetting {
    private static final Forgetting NOTHING = new Forgetting();

    private final Map<String, Forgetting> below = new HashMap<>();
    private boolean whole;

    private Forgetting() {}

    static Forgetting of(List<YamlDocument.Forgotten> paths) {
        if (paths.isEmpty()) {
            return NOTHING;
        }
        var root = new Forgetting();
        for (var each : paths) {
            var here = root;
            for (var key : each.path()) {
                here = here.below.computeIfAbsent(key, _ -> new Forgetting());
            }
            here.whole = true;
        }
        return root;
    }

    /** What is to be deleted from the value of {@code key}. */
    Forgetting below(String key) {
        return below.getOrDefault(key, NOTHING);
    }

    /** {@code node} without what is to be deleted from it. */
    YamlNode apply(YamlNode node) {
        if (below.isEmpty()) {
            return node;
        }
        if (node instanceof YamlSequence sequence) {
            return items(sequence);
        }
        return node instanceof YamlMapping mapping
                ? mapping.without(key -> below(key).whole)
                        .mapValues((key, value) -> below(key).apply(value))
                : node;
    }

    /** A list may be the short form of a mapping: {@code [A=1]} has the key {@code A}. */
    private YamlNode items(YamlSequence sequence) {
        var kept = sequence.items().stream()
                .filter(item -> !(item instanceof YamlScalar scalar
                        && below(KeyValue.of(scalar).key()).whole))
                .toList();
        return kept.size() == sequence.items().size() ? sequence : new YamlSequence(sequence.at(), kept);
    }
}
