package dev.lockstep.spec.model;

import java.util.Optional;

/** What {@code x-lockstep} of a service says. */
public record ServiceExtension(Optional<Schedule> schedule) {}
