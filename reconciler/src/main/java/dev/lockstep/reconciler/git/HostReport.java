package dev.lockstep.reconciler.git;

import java.time.Instant;

/**
 * What stands under {@code refs/lockstep/status/HOST} of a remote. Whoever can push there can have written it.
 *
 * @param document text, at most 1 MiB
 * @param at when it was put there, by the clock of whoever did; a host reports when something has changed
 */
public record HostReport(String document, Instant at) {}
