package dev.lockstep.spec.model;

import java.util.Optional;

/**
 * An operating system and architecture, such as {@code linux/arm64/v8}.
 *
 * @param architecture absent: the host's
 * @param variant of the architecture
 */
public record Platform(String os, Optional<String> architecture, Optional<String> variant) {
    /**
     * Reads {@code OS[/ARCH[/VARIANT]]}; a single word is {@code linux} or an architecture of it.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Platform parse(String text) {
        var parts = text.split("/", -1);
        for (var part : parts) {
            if (part.isEmpty() || !part.chars().allMatch(Platform::isNameCharacter) || parts.length > 3) {
                throw new IllegalArgumentException(
                        "\"" + text + "\" is no platform. Write OS/ARCHITECTURE[/VARIANT], such as linux/amd64");
            }
        }
        if (parts.length == 1) {
            return new Platform(
                    "linux", Optional.of(parts[0]).filter(word -> !word.equalsIgnoreCase("linux")), Optional.empty());
        }
        return new Platform(
                parts[0], Optional.of(parts[1]), parts.length == 3 ? Optional.of(parts[2]) : Optional.empty());
    }

    private static boolean isNameCharacter(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '_'
                || c == '-'
                || c == '.';
    }

    @Override
    public String toString() {
        return os
                + architecture.map(a -> "/" + a).orElse("")
                + variant.map(v -> "/" + v).orElse("");
    }
}
