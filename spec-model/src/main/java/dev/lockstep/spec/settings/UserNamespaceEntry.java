package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import java.util.Optional;

/**
 * Whose users containers have, below {@code user-namespaces} of {@code agent.yaml}.
 *
 * @param byDefault services have users of their own unless they say {@code userns_mode: host}
 * @param range ids of the host that stacks get theirs from; absent: found on the host
 */
public record UserNamespaceEntry(boolean byDefault, Optional<Range> range) {
    /** What holds when the file says nothing. */
    public static final UserNamespaceEntry DEFAULT = new UserNamespaceEntry(false, Optional.empty());

    static final Keys KEYS = Keys.of("default range");

    private static final long STACK = 65_536;
    private static final long HIGHEST = 0xffff_fffeL;

    /**
     * Ids of users and groups of the host.
     *
     * @param first the lowest
     * @param last the highest
     */
    public record Range(long first, long last) {
        /**
         * Reads {@code 200000-999999}.
         *
         * @throws IllegalArgumentException with a sentence
         */
        static Range parse(String text) {
            if (!text.matches("\\d{1,10}-\\d{1,10}")) {
                throw new IllegalArgumentException(
                        "\"" + text + "\" is no range of ids. Write for example" + " 1879048192-1945042943");
            }
            var dash = text.indexOf('-');
            var range = new Range(Long.parseLong(text.substring(0, dash)), Long.parseLong(text.substring(dash + 1)));
            if (range.first() < STACK || range.last() > HIGHEST) {
                throw new IllegalArgumentException("\"" + text
                        + "\" has ids of the host's own users. Begin at 65536 or above, and end below " + HIGHEST);
            }
            if (range.last() - range.first() + 1 < STACK) {
                throw new IllegalArgumentException("\"" + text + "\" is too small: each stack needs " + STACK + " ids");
            }
            return range;
        }
    }

    static UserNamespaceEntry read(Fields settings, String key) {
        if (!settings.has(key)) {
            return DEFAULT;
        }
        var fields = settings.fields(key, KEYS);
        return new UserNamespaceEntry(
                fields.parsed("default", UserNamespaceEntry::isPrivate).orElse(false),
                fields.parsed("range", Range::parse));
    }

    private static boolean isPrivate(String text) {
        return switch (text) {
            case "private" -> true;
            case "host" -> false;
            default -> throw new IllegalArgumentException("must be private or host, not \"" + text + "\"");
        };
    }
}
