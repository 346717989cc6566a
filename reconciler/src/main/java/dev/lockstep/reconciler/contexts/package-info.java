/**
 * What a build is made from: contexts in directories of the host, in commits and from elsewhere, their Dockerfiles and
 * ignore files, and what a {@code build} section asks the builder for. Whose hand asks is for others to know: what a
 * followed repository must not have of the host is closed here by the kind of {@link ContextFiles} alone.
 */
@NullMarked
package dev.lockstep.reconciler.contexts;

import org.jspecify.annotations.NullMarked;
