/** Measurements; {@code examples/bench/load} runs them. */
@NullMarked
package dev.lockstep.spec.bench;

import org.jspecify.annotations.NullMarked;
