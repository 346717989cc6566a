/**
 * What people decided about stacks on this host, and what waits for them: suspensions, plans that are held, approvals.
 * Durable, read and written with or without an agent; knows nothing of how plans are made.
 */
@NullMarked
package dev.lockstep.reconciler.decision;

import org.jspecify.annotations.NullMarked;
