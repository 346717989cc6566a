package dev.lockstep.runtime.build;

import dev.lockstep.runtime.archive.Compression;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * How an image is written that goes somewhere: its files and its configuration stay, its layers and its manifest get
 * this form.
 *
 * @param compression of layers that have none; absent: as they are
 * @param level of the compression; absent: the usual one
 * @param force also of layers that are compressed in another way, those of base images
 * @param types whose names for media types are used; absent: as they are
 * @param annotations of the manifest
 */
public record LayerForm(
        Optional<Compression> compression,
        OptionalInt level,
        boolean force,
        Optional<Types> types,
        Map<String, String> annotations) {
    /** As it is in the store. */
    public static final LayerForm AS_IS =
            new LayerForm(Optional.empty(), OptionalInt.empty(), false, Optional.empty(), Map.of());

    /** What goes to a registry when nobody says anything, as docker has it. */
    public static final LayerForm PUSHED = AS_IS.compressed(Compression.GZIP);

    /** Who has named the media types. */
    public enum Types {
        OCI,
        DOCKER
    }

    public LayerForm {
        if (level.isPresent()
                && (compression.isEmpty() || !compression.get().levels().contains(level.getAsInt()))) {
            throw new IllegalArgumentException("compression-level " + level.getAsInt() + ": "
                    + compression
                            .filter(how -> how != Compression.NONE)
                            .map(how -> how.name().toLowerCase(Locale.ROOT) + " has the levels "
                                    + how.levels().weakest() + " to "
                                    + how.levels().strongest())
                            .orElse("there is nothing that it is a level of; give compression=gzip or zstd"));
        }
        if (!annotations.isEmpty() && types.equals(Optional.of(Types.DOCKER))) {
            throw new IllegalArgumentException(
                    "annotations need OCI's media types, and oci-mediatypes=false asks for Docker's; leave one of them"
                            + " out");
        }
        annotations = Collections.unmodifiableMap(new TreeMap<>(annotations));
    }

    /** The same with this compression where none is said. */
    public LayerForm compressed(Compression usual) {
        return new LayerForm(compression.or(() -> Optional.of(usual)), level, force, types, annotations);
    }
}
