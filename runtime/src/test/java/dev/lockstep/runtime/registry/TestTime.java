package dev.lockstep.runtime.registry;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;

/** Time in which nobody waits: who sleeps sets the clock forward. */
final class TestTime implements Time {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    private final AtomicReference<Instant> now = new AtomicReference<>(BEGIN);
    private final List<Duration> pauses = new CopyOnWriteArrayList<>();

    @Override
    public Instant instant() {
        return now.get();
    }

    @Override
    public long nanos() {
        return Duration.between(BEGIN, now.get()).toNanos();
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        pauses.add(duration);
        pass(duration);
    }

    void pass(Duration duration) {
        now.updateAndGet(t -> t.plus(duration));
    }

    /** What was slept. */
    List<Duration> pauses() {
        return List.copyOf(pauses);
    }
}
