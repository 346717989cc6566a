/**
 * What has to change on this host, and why: a pure function of what is desired, what is observed and a few facts. Reads
 * no clock, no disk and no kernel.
 */
@NullMarked
package dev.lockstep.reconciler.plan;

import org.jspecify.annotations.NullMarked;
