/**
 * Our answers to many Compose files beside those of {@code docker compose config}, which are kept in
 * {@code src/test/conformance}; its README tells how a case is written and recorded.
 */
@NullMarked
package dev.lockstep.spec.conformance;

import org.jspecify.annotations.NullMarked;
