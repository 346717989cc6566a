package dev.lockstep.spec.yaml;

import java.util.ArrayList;
import java.util.List;

/** A list. */
public record YamlSequence(SourcePosition at, List<YamlNode> items) implements YamlNode {
    public YamlSequence {
        items = List.copyOf(items);
    }

    /** Makes another item of one; gives back the same where nothing is to be changed. */
    @FunctionalInterface
    public interface ItemChange {
        YamlNode apply(int index, YamlNode item);
    }

    /** The list with the items that {@code change} makes; this one if they are the same. */
    public YamlSequence mapItems(ItemChange change) {
        List<YamlNode> changed = List.of();
        for (var i = 0; i < items.size(); i++) {
            var after = change.apply(i, items.get(i));
            if (!after.isSame(items.get(i))) {
                changed = changed.isEmpty() ? new ArrayList<>(items) : changed;
                changed.set(i, after);
            }
        }
        return changed.isEmpty() ? this : new YamlSequence(at, changed);
    }

    @Override
    public YamlSequence movedTo(SourcePosition place) {
        return new YamlSequence(place, items);
    }

    @Override
    public String kindInWords() {
        return "a list";
    }
}
