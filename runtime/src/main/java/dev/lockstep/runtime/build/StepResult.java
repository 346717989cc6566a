package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.Layer;
import java.time.Instant;

/**
 * What a step changed in the file system.
 *
 * @param layer with nothing in it where nothing changed
 * @param created when it was done, be it long ago
 */
public record StepResult(Layer layer, Instant created) {}
