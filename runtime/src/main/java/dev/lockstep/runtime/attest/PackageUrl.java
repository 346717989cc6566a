package dev.lockstep.runtime.attest;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Writes package URLs: {@code pkg:deb/debian/bash@5.2?arch=amd64}. */
final class PackageUrl {
    private static final String PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~:";

    private PackageUrl() {}

    /**
     * One.
     *
     * @param namespace parts by {@code /}; empty: none
     * @param qualifiers those without a value are left out
     */
    static String of(String type, String namespace, String name, String version, Map<String, String> qualifiers) {
        var text = new StringBuilder("pkg:").append(type);
        for (var part : namespace.split("/", -1)) {
            if (!part.isEmpty()) {
                text.append('/').append(encoded(part));
            }
        }
        text.append('/').append(encoded(name));
        if (!version.isEmpty()) {
            text.append('@').append(encoded(version));
        }
        var pairs = new TreeMap<>(qualifiers)
                .entrySet().stream()
                        .filter(pair -> !pair.getValue().isEmpty())
                        .map(pair -> pair.getKey() + "=" + encoded(pair.getValue()))
                        .collect(Collectors.joining("&"));
        return pairs.isEmpty()
                ? text.toString()
                : text.append('?').append(pairs).toString();
    }

    private static String encoded(String text) {
        var encoded = new StringBuilder();
        for (var b : text.getBytes(StandardCharsets.UTF_8)) {
            var c = (char) (b & 0xff);
            if (PLAIN.indexOf(c) >= 0) {
                encoded.append(c);
            } else {
                encoded.append(String.format("%%%02X", (int) c));
            }
        }
        return encoded.toString();
    }
}
