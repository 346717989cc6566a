/**
 * Secrets that this host keeps beside the files of stacks. Knows the files they lie in; knows nothing of containers,
 * and shows no value to anybody but who starts one.
 */
@NullMarked
package dev.lockstep.reconciler.secret;

import org.jspecify.annotations.NullMarked;
