/**
 * From the merged tree to the records: every attribute of Compose, in short and long form, checked and typed. Knows
 * neither files nor where the tree comes from; what a service takes from outside it asks of
 * {@link dev.lockstep.spec.read.Surroundings}.
 */
@NullMarked
package dev.lockstep.spec.read;

import org.jspecify.annotations.NullMarked;
