/**
 * Files of a repository that containers mount: which are immutable content by object id, which live in the stack's own
 * directory and outlive revisions, and how both reach the disk. Knows commits and files; knows nothing of containers.
 */
@NullMarked
package dev.lockstep.reconciler.content;

import org.jspecify.annotations.NullMarked;
