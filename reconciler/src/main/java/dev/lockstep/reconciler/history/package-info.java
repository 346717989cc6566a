/**
 * What happened and what is wanted, per stack: an append-only history and one status file. Read without an agent; knows
 * nothing of how plans are made.
 */
@NullMarked
package dev.lockstep.reconciler.history;

import org.jspecify.annotations.NullMarked;
