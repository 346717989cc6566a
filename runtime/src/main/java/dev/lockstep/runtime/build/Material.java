package dev.lockstep.runtime.build;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Something that a build was given from outside: an image, a file of the web, a commit.
 *
 * @param uri that names it, without a login
 * @param digests what exactly it was, by the name of the algorithm
 */
public record Material(String uri, Map<String, String> digests) {
    public Material {
        digests = Collections.unmodifiableMap(new TreeMap<>(digests));
    }
}
