/**
 * Builds images from Dockerfiles: what each instruction makes of an image, which steps were done before, the containers
 * that steps run in, and in which order. Knows nothing of Compose or Git, and of Dockerfiles only what their parser
 * says.
 */
@NullMarked
package dev.lockstep.runtime.build;

import org.jspecify.annotations.NullMarked;
