/**
 * Rules across the whole model. Knows only the model; what a single value must look like is decided where it is read.
 */
@NullMarked
package dev.lockstep.spec.check;

import org.jspecify.annotations.NullMarked;
