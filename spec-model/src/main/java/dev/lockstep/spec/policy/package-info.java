/**
 * What a stack may ask of a host: what its files ask for, and whether the policies of the host and of the repository
 * allow it. Pure: reads no file and asks no kernel.
 */
@NullMarked
package dev.lockstep.spec.policy;

import org.jspecify.annotations.NullMarked;
