package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Ports of {@code EXPOSE}, as an image's configuration has them. */
public final class ExposedPorts {
    private static final Pattern RANGE = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?");
    private static final List<String> PROTOCOLS = List.of("tcp", "udp", "sctp");
    private static final int HIGHEST = 65535;

    private ExposedPorts() {}

    /**
     * {@code 8000-8002/TCP} is {@code 8000/tcp}, {@code 8001/tcp}, {@code 8002/tcp}. An address and a port of the host
     * in front are left out, since an image has none.
     *
     * @throws IllegalArgumentException in BuildKit's words if it is no port
     */
    public static List<String> keys(String written) {
        var range = range(written);
        var keys = new ArrayList<String>();
        for (var port = range.first; port <= range.last; port++) {
            keys.add(port + "/" + range.protocol);
        }
        return keys;
    }

    private record Range(int first, int last, String protocol) {}

    private static Range range(String written) {
        var slash = written.indexOf('/');
        var ports = slash < 0 ? written : written.substring(0, slash);
        var protocol = slash < 0 ? "tcp" : written.substring(slash + 1).toLowerCase(Locale.ROOT);
        if (!PROTOCOLS.contains(protocol)) {
            throw new IllegalArgumentException("invalid proto: " + Shown.of(protocol));
        }
        var container = ports.substring(ports.lastIndexOf(':') + 1);
        var match = RANGE.matcher(container);
        var first = match.matches() ? Integer.parseInt(match.group(1)) : -1;
        var last = first >= 0 && match.group(2) != null ? Integer.parseInt(match.group(2)) : first;
        if (first < 0 || last < first || last > HIGHEST) {
            throw new IllegalArgumentException("invalid containerPort: " + Shown.plain(container)
                    + (last > HIGHEST ? ": the highest port is " + HIGHEST : ""));
        }
        return new Range(first, last, protocol);
    }

    /** Why it is no port; empty if it is one. */
    static Optional<String> problem(String written) {
        try {
            range(written);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.ofNullable(e.getMessage());
        }
    }
}
