/**
 * Images by content: references, digests, manifests, configurations, and the store that keeps them in OCI layout. Knows
 * nothing of registries, mounts or containers.
 */
@NullMarked
package dev.lockstep.runtime.image;

import org.jspecify.annotations.NullMarked;
