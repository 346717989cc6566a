package dev.lockstep.spec.settings;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which hosts are meant. A host is meant when it has one of the names, and all of the labels; what is empty asks for
 * nothing, so that {@link #EVERY} means every host.
 *
 * @param hosts names; {@code *} in a name stands for any letters
 * @param labels with the value that a host must have for each
 */
public record HostSelector(List<String> hosts, Map<String, String> labels) {
    /** Asks for nothing. */
    public static final HostSelector EVERY = new HostSelector(List.of(), Map.of());

    public HostSelector {
        hosts = List.copyOf(hosts);
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    }

    /** Whether a host of that name with those labels is meant. */
    public boolean takes(String host, Map<String, String> itsLabels) {
        var named = hosts.isEmpty() || hosts.stream().anyMatch(pattern -> matches(pattern, host));
        return named
                && labels.entrySet().stream().allMatch(label -> label.getValue().equals(itsLabels.get(label.getKey())));
    }

    /** Whether the host's name is one that {@code pattern} stands for. */
    static boolean matches(String pattern, String host) {
        // Part by part and never back: a pattern of a repository must not keep us busy.
        var parts = pattern.split("\\*", -1);
        if (parts.length == 1) {
            return host.equals(pattern);
        }
        if (!host.startsWith(parts[0])) {
            return false;
        }
        var at = parts[0].length();
        for (var part : List.of(parts).subList(1, parts.length - 1)) {
            var found = host.indexOf(part, at);
            if (found < 0) {
                return false;
            }
            at = found + part.length();
        }
        var tail = parts[parts.length - 1];
        return host.length() - at >= tail.length() && host.endsWith(tail);
    }
}
