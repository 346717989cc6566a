/**
 * Layers on disk and root file systems made of them: unpack, share, mount. Knows tar and overlayfs; knows nothing of
 * registries or containers.
 */
@NullMarked
package dev.lockstep.runtime.snapshot;

import org.jspecify.annotations.NullMarked;
