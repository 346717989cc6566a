/**
 * What two commits of a repository mean for hosts that need not be here: plans for reviewers. Reads commits and nothing
 * of a host, asks no registry, and changes nothing.
 */
@NullMarked
package dev.lockstep.reconciler.review;

import org.jspecify.annotations.NullMarked;
