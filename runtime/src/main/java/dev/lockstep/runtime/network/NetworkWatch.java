package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.NetworkEvents;
import dev.lockstep.runtime.linux.NetworkEvents.Event;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * Hears from the kernel when something may have been taken from the networks of one root: links, addresses, rules,
 * forwarding, and what lets them through another firewall. What is heard is a reason to look, no more: who changes
 * networks himself is heard too, but for elements that this process takes from sets and maps, with every container that
 * goes. One platform thread at a time uses it.
 */
public final class NetworkWatch implements AutoCloseable {
    /** Tables in which others keep what lets us through. */
    private static final List<String> FOREIGN = List.of("filter", Firewalld.TABLE);

    /**
     * A firewall that is loaded anew changes much in short order: until it is silent that long, nothing is looked at.
     */
    private static final Duration SILENCE = Duration.ofMillis(200);

    /** Somebody who is never silent does not keep us from looking. */
    private static final Duration LONGEST = Duration.ofSeconds(5);

    private final NetworkEvents events;
    private final NetworkFiles files;
    private final Kernel kernel;
    private final String table;
    private final List<String> prefixes;

    NetworkWatch(NetworkEvents events, NetworkFiles files, Kernel kernel, String table, List<String> prefixes) {
        this.events = events;
        this.files = files;
        this.kernel = kernel;
        this.table = table;
        this.prefixes = prefixes;
    }

    /**
     * Waits until something may have been lost, and then until nothing more happens, five seconds at most.
     *
     * @param timeout how long it waits for the first thing
     * @return whether there was something
     */
    public boolean awaitLoss(Duration timeout) throws IOException {
        if (!hears(timeout)) {
            return false;
        }
        var until = System.nanoTime() + LONGEST.toNanos();
        var more = true;
        while (more && System.nanoTime() < until) {
            more = hears(SILENCE);
        }
        return true;
    }

    private boolean hears(Duration timeout) throws IOException {
        var until = System.nanoTime() + timeout.toNanos();
        for (var left = timeout; left.isPositive(); left = Duration.ofNanos(until - System.nanoTime())) {
            if (concernUs(events.await(left))) {
                return true;
            }
        }
        return false;
    }

    private boolean concernUs(List<Event> heard) throws IOException {
        for (var event : heard) {
            if (concernsUs(event)) {
                return true;
            }
        }
        return false;
    }

    private boolean concernsUs(Event event) throws IOException {
        return switch (event) {
            case Event.LinkLost link ->
                prefixes.stream().anyMatch(link.name()::startsWith)
                        || files.networks().stream().anyMatch(n -> n.bridge().equals(link.name()));
            case Event.RulesChanged rules -> rules.table().equals(table) || FOREIGN.contains(rules.table());
            case Event.ElementsTaken taken -> taken.table().equals(table) && !kernel.isOurs(taken);
            case Event.AddressLost _, Event.ForwardingOff _, Event.Missed _ -> true;
        };
    }

    @Override
    public void close() {
        events.close();
    }
}
