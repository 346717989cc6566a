/** The container engine's facade: opens the rooms of one root, each when it is first needed. */
@NullMarked
package dev.lockstep.runtime;

import org.jspecify.annotations.NullMarked;
