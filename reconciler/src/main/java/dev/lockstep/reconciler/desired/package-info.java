/**
 * What one stack should be on this host: a project placed and translated into the engine's words. The only room that
 * knows both Compose and the engine.
 */
@NullMarked
package dev.lockstep.reconciler.desired;

import org.jspecify.annotations.NullMarked;
