package dev.lockstep.runtime.prune;

import java.util.Map;
import java.util.Optional;

/**
 * Which labels an image must have, or must not have, to go.
 *
 * @param value absent when any will do
 * @param has whether it must have it
 */
public record LabelRule(String key, Optional<String> value, boolean has) {
    /**
     * Reads {@code =KEY}, {@code =KEY=VALUE}, {@code !=KEY} or {@code !=KEY=VALUE}: what Docker writes behind "label".
     */
    public static LabelRule parse(String text) {
        var has = !text.startsWith("!");
        var label = text.substring(has ? 1 : 2).split("=", 2);
        return new LabelRule(label[0], label.length == 1 ? Optional.empty() : Optional.of(label[1]), has);
    }

    /** Whether an image with these labels may go by this rule. */
    boolean lets(Map<String, String> labels) {
        var found = labels.get(key);
        return has == (found != null && (value.isEmpty() || value.get().equals(found)));
    }
}
