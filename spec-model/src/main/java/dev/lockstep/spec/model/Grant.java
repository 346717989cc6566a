package dev.lockstep.spec.model;

import java.util.Optional;

/**
 * A secret or config that a service or a build may read as a file.
 *
 * @param source its key below the top-level {@code secrets} or {@code configs}
 * @param target the file in the container. Relative to {@code /run/secrets} for a secret; {@code /SOURCE} for a config
 *     that has none
 * @param uid owner, a number or a name
 * @param gid group, a number or a name
 */
public record Grant(
        String source, Optional<String> target, Optional<String> uid, Optional<String> gid, Optional<FileMode> mode) {
    /** With nothing but a name. */
    public static Grant of(String source) {
        return new Grant(source, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }
}
