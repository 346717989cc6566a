/**
 * The program that stays: follows repositories, brings stacks to their revisions, keeps containers alive. Everything it
 * does to a host goes through a plan, but for restarts, which are the container's own policy.
 */
@NullMarked
package dev.lockstep.reconciler.agent;

import org.jspecify.annotations.NullMarked;
