package dev.lockstep.reconciler.content;

import dev.lockstep.reconciler.git.TreeEntry;

/**
 * A version of a file that Git has or had.
 *
 * @param mode six octal digits
 * @param objectId id of the blob
 * @param size bytes of the blob, so that a changed file is mostly recognised without reading it
 */
record Tracked(String mode, String objectId, long size) {
    static Tracked of(TreeEntry entry, long size) {
        return new Tracked(entry.mode().octal(), entry.objectId(), size);
    }
}
