/**
 * What in a Dockerfile is allowed and not wise: docker's build checks and hadolint's rules, under the ids that both
 * gave them. Pure: reads what the room {@code dockerfile} parsed, and asks for what only a context or an image knows.
 */
@NullMarked
package dev.lockstep.runtime.lint;

import org.jspecify.annotations.NullMarked;
