/**
 * Speaks to registries (OCI distribution specification): resolves tags, pulls images into the store, pushes them from
 * it. Knows nothing of mounts or containers, and trusts nothing that it receives before its digest is right.
 */
@NullMarked
package dev.lockstep.runtime.registry;

import org.jspecify.annotations.NullMarked;
