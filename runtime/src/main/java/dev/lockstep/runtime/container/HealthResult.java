package dev.lockstep.runtime.container;

import java.time.Instant;

/**
 * One probe.
 *
 * @param exitCode 0 healthy; −1 when the probe could not run or was killed at its timeout
 * @param output the first 4096 bytes of what it printed, then {@code ...}; or why it did not run
 */
public record HealthResult(Instant start, Instant end, int exitCode, String output) {}
