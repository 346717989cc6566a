package dev.lockstep.runtime.image;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * What a living lease keeps.
 *
 * @param why what its holder does, for people
 * @param images indexes or manifests, with everything that they refer to
 * @param since everything that was received, or asked for and found, since then; absent when only {@code images}
 */
public record Protection(String why, Set<Digest> images, Optional<Instant> since) {
    public Protection {
        images = Set.copyOf(images);
    }
}
