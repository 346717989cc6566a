package dev.lockstep.spec.model;

/** Ports {@code first} to {@code last}, both included. Port 0 is allowed alone and means any free one. */
public record PortRange(int first, int last) {
    public PortRange {
        if (first < 0 || last > 65535 || first > last) {
            throw new IllegalArgumentException(
                    "\"" + first + "-" + last + "\" is no range of ports between 0 and 65535");
        }
    }

    /**
     * Reads {@code 80} or {@code 8000-9000}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static PortRange parse(String text) {
        var dash = text.indexOf('-');
        var first = port(dash < 0 ? text : text.substring(0, dash));
        return new PortRange(first, dash < 0 ? first : port(text.substring(dash + 1)));
    }

    private static int port(String text) {
        if (text.isEmpty() || text.length() > 5 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException("\"" + text + "\" is not a port. Write a number from 1 to 65535");
        }
        var port = Integer.parseInt(text);
        if (port > 65535) {
            throw new IllegalArgumentException("port " + port + " is out of range. Ports go up to 65535");
        }
        return port;
    }

    /** How many ports. */
    public int size() {
        return last - first + 1;
    }

    @Override
    public String toString() {
        return first == last ? Integer.toString(first) : first + "-" + last;
    }
}
