/**
 * Containers: what was asked for, what it became, and its life from create to remove. Puts together what the rooms for
 * images, networks, volumes and logs give; knows nothing of Compose.
 */
@NullMarked
package dev.lockstep.runtime.container;

import org.jspecify.annotations.NullMarked;
