package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.volume.VolumeSpec;

/**
 * A volume that the stack uses.
 *
 * @param key its name in the project's files
 * @param external somebody else made it: it is used and never changed
 * @param singleWriter two containers must never be able to write to it at once
 */
public record DesiredVolume(String key, VolumeSpec spec, boolean external, boolean singleWriter) {}
