package dev.lockstep.runtime.build;

/** A step and what it made, now or before. */
public record DoneStep(StepKey key, StepResult result) {}
