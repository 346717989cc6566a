/** What really is on this host, gathered from the engine for the planner. Changes nothing. */
@NullMarked
package dev.lockstep.reconciler.observe;

import org.jspecify.annotations.NullMarked;
