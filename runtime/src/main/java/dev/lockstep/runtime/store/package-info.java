/**
 * The files of one root: where things are, who holds a lock, and how a state file is written so that it is whole or
 * absent. Knows nothing of what the files mean.
 */
@NullMarked
package dev.lockstep.runtime.store;

import org.jspecify.annotations.NullMarked;
