package dev.lockstep.spec.model;

/**
 * What {@code x-lockstep} of a volume says.
 *
 * @param singleWriter two containers must never be able to write to it at once, so the old one ends before the new one
 *     starts
 */
public record VolumeExtension(boolean singleWriter) {}
