package dev.lockstep.runtime.oci;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Devices of a container beside those that every one has.
 *
 * @param nodes made below its /dev
 * @param rules what it may do with devices, in order and after the engine's own
 */
public record BundleDevices(List<HostDevices.Node> nodes, List<Rule> rules) {
    /** None. */
    public static final BundleDevices NONE = new BundleDevices(List.of(), List.of());

    private static final Pattern RULE = Pattern.compile("([acb]) (\\d{1,10}|\\*):(\\d{1,10}|\\*) ([rwm]{1,3})");

    /**
     * An allowance of the device cgroup.
     *
     * @param type {@code c}, {@code b}, or {@code a} for both
     * @param major −1: every one
     * @param minor −1: every one
     * @param access of {@code rwm}
     */
    public record Rule(String type, long major, long minor, String access) {
        /** Everything with every device. */
        public static final Rule ALL = new Rule("a", -1, -1, "rwm");

        /**
         * Reads {@code c 1:3 rwm}.
         *
         * @throws IllegalArgumentException with a sentence
         */
        public static Rule parse(String text) {
            var matcher = RULE.matcher(text);
            if (!matcher.matches()) {
                throw new IllegalArgumentException("\"" + text + "\" is no rule for devices, such as \"c 1:3 rwm\"");
            }
            return new Rule(matcher.group(1), number(matcher.group(2)), number(matcher.group(3)), matcher.group(4));
        }

        private static long number(String text) {
            return text.equals("*") ? -1 : Long.parseLong(text);
        }

        /** What may be done with a node. */
        public static Rule of(HostDevices.Node node, String access) {
            return new Rule(node.letter(), node.number().major(), node.number().minor(), access);
        }

        /** Whether it allows anything with that character device. */
        public boolean covers(int itsMajor, int itsMinor) {
            return !type.equals("b") && (major == -1 || major == itsMajor) && (minor == -1 || minor == itsMinor);
        }
    }

    public BundleDevices {
        nodes = List.copyOf(nodes);
        rules = List.copyOf(rules);
    }

    /** Whether a rule allows anything with that character device. */
    public boolean allow(int major, int minor) {
        return rules.stream().anyMatch(rule -> rule.covers(major, minor));
    }
}
