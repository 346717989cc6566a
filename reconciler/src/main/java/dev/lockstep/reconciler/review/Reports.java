package dev.lockstep.reconciler.review;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What hosts have said of themselves: the door for whoever reads status refs. Without a report a host is supposed to
 * run what the older commit asks for, and that is said.
 */
@FunctionalInterface
public interface Reports {
    /** No host has said anything. */
    Reports NONE = host -> Optional.empty();

    /**
     * The last word of a host.
     *
     * @param at when it said so
     * @param applied by stack: the commit that runs there, 40 digits
     */
    record Report(Instant at, Map<String, String> applied) {
        public Report {
            applied = Map.copyOf(applied);
        }
    }

    /** What that host said last. */
    Optional<Report> of(String host);
}
