/** Variables in text, with all of Compose's operators. Knows neither YAML nor where variables come from. */
@NullMarked
package dev.lockstep.spec.interpolate;

import org.jspecify.annotations.NullMarked;
