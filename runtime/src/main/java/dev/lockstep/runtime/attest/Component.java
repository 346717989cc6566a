package dev.lockstep.runtime.attest;

import java.util.Comparator;
import java.util.Optional;

/**
 * A package that somebody has installed.
 *
 * @param purl its package URL (github.com/package-url/purl-spec)
 * @param license as the package says it, in its own words
 * @param place the file that tells of it, from the root
 */
record Component(String name, String version, String purl, Optional<String> license, String place)
        implements Comparable<Component> {
    private static final Comparator<Component> ORDER =
            Comparator.comparing(Component::purl).thenComparing(Component::place);

    @Override
    public int compareTo(Component other) {
        return ORDER.compare(this, other);
    }
}
