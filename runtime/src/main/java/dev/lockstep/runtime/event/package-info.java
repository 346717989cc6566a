/**
 * What happened to the objects of a root, in the order in which it happened, kept in files that do not grow for ever.
 * Knows nothing of what the objects are.
 */
@NullMarked
package dev.lockstep.runtime.event;

import org.jspecify.annotations.NullMarked;
