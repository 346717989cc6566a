package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.volume.VolumeSpec;

/**
 * A volume that the stack uses.
 *
 * @param key its name in the project's files
 * @param external it is no stack's, or another's: it is used, and its content and who has it are never changed
 * @param singleWriter two containers must never be able to write to it at once
 */
public record DesiredVolume(String key, VolumeSpec spec, boolean external, boolean singleWriter) {}
