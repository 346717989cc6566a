package dev.lockstep.reconciler.review;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What hosts have said of themselves. Without a report a host is supposed to run what the older commit asks for, and
 * that is said.
 *
 * @param hosts the last word of each, by its name
 */
public record Reports(Map<String, Report> hosts) {
    /** No host has said anything. */
    public static final Reports NONE = new Reports(Map.of());

    public Reports {
        hosts = Map.copyOf(hosts);
    }

    /**
     * The last word of a host.
     *
     * @param at when it said so
     * @param stacks that it follows, by their names
     */
    public record Report(Instant at, Map<String, Stack> stacks) {
        public Report {
            stacks = Map.copyOf(stacks);
        }

        /** The same in an order that is always the same. */
        Map<String, Stack> sorted() {
            return new TreeMap<>(stacks);
        }
    }

    /**
     * A stack of that host.
     *
     * @param applied the commit that runs there, 40 digits; absent: none does
     * @param state what is to be known of it beyond that, for people; absent: all is well
     */
    public record Stack(Optional<String> applied, Optional<String> state) {}

    /** What that host said last. */
    Optional<Report> of(String host) {
        return Optional.ofNullable(hosts.get(host));
    }
}
