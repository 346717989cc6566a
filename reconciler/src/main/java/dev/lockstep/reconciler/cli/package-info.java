/**
 * The {@code lockstep} command: words and options in, calls to the other rooms, text or JSON out. Decides nothing about
 * stacks; each command is one class and is loaded only when it is the one that was asked for.
 */
@NullMarked
package dev.lockstep.reconciler.cli;

import org.jspecify.annotations.NullMarked;
