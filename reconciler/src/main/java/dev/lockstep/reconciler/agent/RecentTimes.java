package dev.lockstep.reconciler.agent;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * How often something was done of late. A clock that is set back neither keeps what was done in its future for as long
 * as that lasts, nor makes it as good as not done: it counts as done now. One thread's.
 */
final class RecentTimes {
    private final Duration window;
    private final List<Instant> times = new ArrayList<>();

    RecentTimes(Duration window) {
        this.window = window;
    }

    /** How often within the window that ends now. */
    int count(Instant now) {
        times.replaceAll(time -> time.isAfter(now) ? now : time);
        times.removeIf(time -> time.isBefore(now.minus(window)));
        return times.size();
    }

    void add(Instant now) {
        times.add(now);
    }
}
