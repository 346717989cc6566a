/**
 * Makes the builds of followed repositories: a queue on the disk, workers, the build of a commit from its objects, and
 * what an image must stand before it counts. Knows no refs: what is built is ordered by others.
 */
@NullMarked
package dev.lockstep.reconciler.building;

import org.jspecify.annotations.NullMarked;
