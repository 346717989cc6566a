package dev.lockstep.runtime.image;

import dev.lockstep.runtime.linux.Architecture;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * What an image runs on, with Go's names (OCI image index, {@code platform}).
 *
 * @param variant of the instruction set, e.g. {@code v7} of {@code arm}
 */
public record Platform(String os, String architecture, Optional<String> variant) {
    private static final Pattern PART = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");

    public Platform {
        if (!PART.matcher(os).matches()
                || !PART.matcher(architecture).matches()
                || !variant.map(v -> PART.matcher(v).matches()).orElse(true)) {
            throw new IllegalArgumentException("expected OS/ARCHITECTURE[/VARIANT], for example linux/arm64/v8");
        }
    }

    /** Of this machine. */
    public static Platform current() {
        return new Platform("linux", Architecture.current().goName(), Optional.empty());
    }

    /**
     * Reads {@code linux/arm64/v8}; the variant may be left out, and the architecture may have the kernel's name.
     * {@code linux} alone is Linux on this machine, as with Docker.
     */
    public static Platform parse(String text) {
        var parts = List.of(text.toLowerCase(Locale.ROOT).split("/", -1));
        if (parts.equals(List.of("linux"))) {
            return current();
        }
        if (parts.size() != 2 && parts.size() != 3) {
            throw new IllegalArgumentException(
                    "platform \"" + text + "\": expected OS/ARCHITECTURE[/VARIANT], for example linux/arm64/v8");
        }
        return new Platform(
                parts.get(0), goName(parts.get(1)), parts.size() == 3 ? Optional.of(parts.get(2)) : Optional.empty());
    }

    /** As containerd takes it, and so Docker. */
    private static String goName(String architecture) {
        return switch (architecture) {
            case "x86_64", "x86-64" -> "amd64";
            case "aarch64" -> "arm64";
            case "i386" -> "386";
            default -> architecture;
        };
    }

    /**
     * How well something made for {@code other} runs here: 0 is best, empty is not at all. A plain {@code arm64} is v8
     * and a plain {@code arm} is v7; a machine runs older variants of its own architecture, the newest being best.
     */
    OptionalInt distance(Platform other) {
        if (!os.equals(other.os) || !architecture.equals(other.architecture)) {
            return OptionalInt.empty();
        }
        var mine = level();
        var theirs = other.level();
        if (mine < 0 || theirs < 0) {
            return variant.equals(other.variant) ? OptionalInt.of(0) : OptionalInt.empty();
        }
        return theirs <= mine ? OptionalInt.of(mine - theirs) : OptionalInt.empty();
    }

    /** Whether something made for {@code other} runs here. */
    public boolean runs(Platform other) {
        return distance(other).isPresent();
    }

    /** Number of the variant, −1 when it has none that is a number. */
    private int level() {
        var name = variant.orElse(
                switch (architecture) {
                    case "arm64" -> "v8";
                    case "arm" -> "v7";
                    case "amd64" -> "v1";
                    default -> "v0";
                });
        return name.matches("v[0-9]") ? name.charAt(1) - '0' : -1;
    }

    /** The best of {@code candidates} for this platform, the first among equals; the last resort names no platform. */
    Optional<Descriptor> pick(List<Descriptor> candidates) {
        record Ranked(Descriptor descriptor, int distance) {}
        return candidates.stream()
                .filter(c -> !c.annotations().containsKey("vnd.docker.reference.type"))
                .flatMap(c -> {
                    var distance = c.platform().map(this::distance).orElse(OptionalInt.of(Integer.MAX_VALUE));
                    return distance.stream().mapToObj(d -> new Ranked(c, d));
                })
                .min(Comparator.comparingInt(Ranked::distance))
                .map(Ranked::descriptor);
    }

    @Override
    public String toString() {
        return os + "/" + architecture + variant.map(v -> "/" + v).orElse("");
    }
}
