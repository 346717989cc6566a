/**
 * What the instructions COPY and ADD read, and what they make of it: source trees, ignore files, patterns, the digest
 * of a selection and its copy into a root file system. A tree is hostile: whatever it holds, no look-up leaves its
 * root, nor the root that is written to. Knows files; knows nothing of Dockerfiles, images or layers.
 */
@NullMarked
package dev.lockstep.runtime.context;

import org.jspecify.annotations.NullMarked;
