/**
 * Tar archives and their compression, byte for byte: names and attributes are bytes, and everything that an archive
 * says about itself is checked. Knows nothing of images and writes no files.
 */
@NullMarked
package dev.lockstep.runtime.archive;

import org.jspecify.annotations.NullMarked;
