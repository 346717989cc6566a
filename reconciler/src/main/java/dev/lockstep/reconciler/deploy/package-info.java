/**
 * The line from files to a changed host for one stack: load, check, translate, observe, plan, apply. Commands and the
 * agent go through here alike; they differ in where the files come from.
 */
@NullMarked
package dev.lockstep.reconciler.deploy;

import org.jspecify.annotations.NullMarked;
