/**
 * A repository as a whole: every stack for every host, loaded and checked as an agent would. Knows files and their
 * meaning, and nothing of Git or of a host.
 */
@NullMarked
package dev.lockstep.spec.repository;

import org.jspecify.annotations.NullMarked;
