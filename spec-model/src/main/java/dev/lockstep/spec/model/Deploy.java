package dev.lockstep.spec.model;

import java.util.Optional;

/** The {@code deploy} block of a service, as far as one host honours it. */
public record Deploy(Optional<Integer> replicas, Resources resources) {
    public Deploy {
        if (replicas.isPresent() && replicas.get() < 0) {
            throw new IllegalArgumentException("replicas cannot be negative, got " + replicas.get());
        }
    }
}
