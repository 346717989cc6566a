package dev.lockstep.runtime.registry;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** Time as a client of registries sees it and spends it. A test has one of its own, in which nobody waits. */
public interface Time extends InstantSource {
    /** Nanoseconds since some moment; unlike {@link #instant()} it never goes back, whoever sets the clock. */
    long nanos();

    /** Returns after that time. */
    void sleep(Duration duration) throws InterruptedException;

    /** That of this machine. */
    static Time system() {
        return new Time() {
            @Override
            public Instant instant() {
                return Instant.now();
            }

            @Override
            public long nanos() {
                return System.nanoTime();
            }

            @Override
            public void sleep(Duration duration) throws InterruptedException {
                Thread.sleep(duration);
            }
        };
    }
}
