package dev.lockstep.reconciler.decision;

import java.time.Instant;

/**
 * A person agreed to one held plan, and to no other one.
 *
 * @param plan its id
 * @param by who, as the host knows people
 */
public record Approval(String plan, String by, Instant at) {}
