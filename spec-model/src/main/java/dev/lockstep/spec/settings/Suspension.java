package dev.lockstep.spec.settings;

import java.util.Optional;

/**
 * Nothing is changed until somebody takes this out again; what runs goes on running.
 *
 * @param reason what people should know, as it was written instead of {@code true}
 */
public record Suspension(Optional<String> reason) {}
