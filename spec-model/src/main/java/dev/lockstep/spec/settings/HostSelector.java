package dev.lockstep.spec.settings;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

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
        var parts = List.of(pattern.split("\\*", -1));
        return host.matches(String.join(".*", parts.stream().map(Pattern::quote).toList()));
    }
}
