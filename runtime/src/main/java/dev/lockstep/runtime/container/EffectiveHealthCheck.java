package dev.lockstep.runtime.container;

import java.time.Duration;
import java.util.List;

/**
 * A health check with every default filled in.
 *
 * @param args the program to run in the container; exit code 0 means healthy
 * @param interval from the end of one probe to the start of the next
 * @param timeout after which a probe is killed and counts as failed
 * @param startPeriod time after the start in which failures do not count
 * @param startInterval instead of {@code interval} while starting and within the start period
 * @param retries failures in a row that make it unhealthy
 */
public record EffectiveHealthCheck(
        List<String> args,
        Duration interval,
        Duration timeout,
        Duration startPeriod,
        Duration startInterval,
        int retries) {
    public EffectiveHealthCheck {
        args = List.copyOf(args);
        if (args.isEmpty() || retries < 1) {
            throw new IllegalArgumentException("a health check needs a program and at least one try");
        }
    }
}
