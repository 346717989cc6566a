/**
 * What in a Compose file works and is not wise, by rules with ids of their own. Knows the model alone; what could not
 * run is the business of {@code check}.
 */
@NullMarked
package dev.lockstep.spec.lint;

import org.jspecify.annotations.NullMarked;
