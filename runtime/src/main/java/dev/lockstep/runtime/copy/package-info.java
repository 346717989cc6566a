/**
 * Files from one tree into another, be it a container's, the host's or an archive. Both sides are reached by
 * descriptors alone: a tree that changes while it is read or written leads nowhere else.
 */
@NullMarked
package dev.lockstep.runtime.copy;

import org.jspecify.annotations.NullMarked;
