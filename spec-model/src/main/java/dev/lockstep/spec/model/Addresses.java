package dev.lockstep.spec.model;

import java.net.InetAddress;
import java.util.regex.Pattern;

/** IP addresses as text; never asks a name server. */
public final class Addresses {
    private static final Pattern DOTTED = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

    private static final String PART = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final Pattern SHORT_IPV4 = Pattern.compile(PART + "(?:\\." + PART + "){3}");

    private Addresses() {}

    /**
     * Reads a literal IPv4 (four decimal parts) or IPv6 address.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static InetAddress parse(String text) {
        // InetAddress also takes 10.1 and 0x0a.0.0.1, which no other tool of the field does.
        var v4 = DOTTED.matcher(text).matches();
        if (v4 || (text.contains(":") && !text.contains("%"))) {
            try {
                return InetAddress.ofLiteral(text);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("\"" + text + "\" is no IP address", e);
            }
        }
        throw new IllegalArgumentException("\"" + text + "\" is no IP address");
    }

    /**
     * A literal address in the form of {@link #text}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static String normalized(String text) {
        // Most need nothing, and the first use of InetAddress reads the JDK's security settings for 5 ms.
        return SHORT_IPV4.matcher(text).matches() ? text : text(parse(text));
    }

    /** IPv4 dotted; IPv6 in the short form of RFC 5952. */
    public static String text(InetAddress address) {
        var bytes = address.getAddress();
        if (bytes.length == 4) {
            return address.getHostAddress();
        }
        var groups = new int[8];
        for (var i = 0; i < 8; i++) {
            groups[i] = ((bytes[2 * i] & 0xff) << 8) | (bytes[2 * i + 1] & 0xff);
        }
        var bestStart = -1;
        var bestLength = 1; // a single zero group is not shortened
        for (var i = 0; i < 8; i++) {
            var length = 0;
            while (i + length < 8 && groups[i + length] == 0) {
                length++;
            }
            if (length > bestLength) {
                bestStart = i;
                bestLength = length;
            }
        }
        var text = new StringBuilder();
        for (var i = 0; i < 8; i++) {
            if (i == bestStart) {
                text.append("::");
                i += bestLength - 1;
            } else {
                if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }
}
