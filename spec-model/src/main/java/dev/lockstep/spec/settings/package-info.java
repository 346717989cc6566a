/** The host's own settings, {@code agent.yaml}. Knows no Compose. */
@NullMarked
package dev.lockstep.spec.settings;

import org.jspecify.annotations.NullMarked;
