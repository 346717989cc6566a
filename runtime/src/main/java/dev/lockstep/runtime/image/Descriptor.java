package dev.lockstep.runtime.image;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Says what content is, without having it (OCI image specification, descriptor.md).
 *
 * @param size in bytes
 * @param platform of a manifest in an index
 */
public record Descriptor(
        String mediaType, Digest digest, long size, Optional<Platform> platform, Map<String, String> annotations) {
    public Descriptor {
        if (size < 0) {
            throw new IllegalArgumentException("a size is not negative: " + size);
        }
        annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
    }

    public Descriptor(String mediaType, Digest digest, long size) {
        this(mediaType, digest, size, Optional.empty(), Map.of());
    }
}
