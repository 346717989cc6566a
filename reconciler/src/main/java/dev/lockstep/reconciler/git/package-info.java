/**
 * Repositories: one bare clone per remote, asked cheaply, fetched by exact ref, read from its objects. The only room
 * that knows JGit; knows nothing of Compose, and never writes into a remote.
 *
 * <p>No JGit class is reached from the types that other rooms hold in their fields before a repository is opened, so
 * commands without Git do not load it.
 */
@NullMarked
package dev.lockstep.reconciler.git;

import org.jspecify.annotations.NullMarked;
