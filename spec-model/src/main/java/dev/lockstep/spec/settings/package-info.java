/**
 * What stands beside the Compose files: the repository's {@code lockstep.yaml} and the host's {@code agent.yaml}. Knows
 * no Compose.
 */
@NullMarked
package dev.lockstep.spec.settings;

import org.jspecify.annotations.NullMarked;
