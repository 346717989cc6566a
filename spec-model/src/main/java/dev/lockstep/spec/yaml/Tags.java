package dev.lockstep.spec.yaml;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.Tag;

/** The tags that have a meaning in a file. */
final class Tags {
    static final String RESET = "!reset";
    static final String OVERRIDE = "!override";

    private static final Set<String> TEXT = Set.of("!", Tag.STR.getValue(), Tag.TIMESTAMP.getValue());
    private static final Set<String> COLLECTION = Set.of("!", Tag.SEQ.getValue(), Tag.MAP.getValue());

    private Tags() {}

    static boolean isText(String tag) {
        return TEXT.contains(tag);
    }

    static boolean isCollection(String tag) {
        return COLLECTION.contains(tag);
    }

    static boolean isEdit(@Nullable String tag) {
        return RESET.equals(tag) || OVERRIDE.equals(tag);
    }

    /** What a scalar with this tag is, or null if that is for its text to say. */
    static YamlScalar.@Nullable Kind kind(String tag) {
        if (tag.equals(Tag.INT.getValue())) {
            return YamlScalar.Kind.INTEGER;
        }
        if (tag.equals(Tag.FLOAT.getValue())) {
            return YamlScalar.Kind.FLOAT;
        }
        if (tag.equals(Tag.BOOL.getValue())) {
            return YamlScalar.Kind.BOOLEAN;
        }
        return tag.equals(Tag.NULL.getValue()) ? YamlScalar.Kind.NULL : null;
    }
}
