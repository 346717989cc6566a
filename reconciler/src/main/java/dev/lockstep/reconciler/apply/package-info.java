/**
 * Carries out plans through the engine: in parallel where the graph allows it, waiting where a condition asks for it.
 * Decides nothing that a plan could have said.
 */
@NullMarked
package dev.lockstep.reconciler.apply;

import org.jspecify.annotations.NullMarked;
