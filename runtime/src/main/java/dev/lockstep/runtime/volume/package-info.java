/**
 * Directories that outlive containers, and copies of them. Knows names, owners and labels; nothing of mounts or
 * containers.
 */
@NullMarked
package dev.lockstep.runtime.volume;

import org.jspecify.annotations.NullMarked;
