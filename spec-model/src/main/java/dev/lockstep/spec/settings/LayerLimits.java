package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import java.util.Optional;

/**
 * How much one layer of an image may ask for, below {@code unpack-limits} of {@code agent.yaml}; what is absent is the
 * engine's own.
 *
 * @param bytes of all its files
 * @param entries files, directories and links in its archive
 * @param ratio most uncompressed bytes for one compressed byte, once the layer is large
 */
public record LayerLimits(Optional<Long> bytes, Optional<Integer> entries, Optional<Integer> ratio) {
    /** What holds when the file says nothing. */
    public static final LayerLimits DEFAULT = new LayerLimits(Optional.empty(), Optional.empty(), Optional.empty());

    static final Keys KEYS = Keys.of("bytes entries ratio");

    static LayerLimits read(Fields settings, String key) {
        if (!settings.has(key)) {
            return DEFAULT;
        }
        var fields = settings.fields(key, KEYS);
        return new LayerLimits(
                fields.parsed("bytes", LayerLimits::bytes),
                fields.integer("entries", 1, Integer.MAX_VALUE),
                fields.integer("ratio", 1, Integer.MAX_VALUE));
    }

    private static long bytes(String text) {
        var size = ByteSize.parse(text).bytes();
        if (size <= 0) {
            throw new IllegalArgumentException("\"" + text + "\" is no size. Write for example 64g");
        }
        return size;
    }
}
