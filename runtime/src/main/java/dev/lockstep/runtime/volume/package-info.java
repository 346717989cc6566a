/** Directories that outlive containers. Knows names, owners and labels; nothing of mounts or containers. */
@NullMarked
package dev.lockstep.runtime.volume;

import org.jspecify.annotations.NullMarked;
