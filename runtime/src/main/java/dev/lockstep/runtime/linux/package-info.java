/**
 * System calls. The only package that knows JNA: thin, typed, and every failure carries errno, call and subject.
 *
 * <p>Bindings are small classes that load when they are first needed, because binding costs milliseconds at every start
 * of the command. Calls that may block run on platform threads only: a JNA call pins its carrier.
 */
@NullMarked
package dev.lockstep.runtime.linux;

import org.jspecify.annotations.NullMarked;
