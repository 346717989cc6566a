/**
 * Statements about images that were built: which packages are in them (SPDX), and how they came about (SLSA), attached
 * to them in the store. Knows the files of an image and what a build tells of itself; knows nothing of registries.
 */
@NullMarked
package dev.lockstep.runtime.attest;

import org.jspecify.annotations.NullMarked;
