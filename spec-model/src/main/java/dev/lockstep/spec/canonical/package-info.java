/** The one way a project is written: what {@code docker compose config} prints. Knows the model and no files. */
@NullMarked
package dev.lockstep.spec.canonical;

import org.jspecify.annotations.NullMarked;
