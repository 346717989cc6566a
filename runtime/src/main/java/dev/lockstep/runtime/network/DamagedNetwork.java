package dev.lockstep.runtime.network;

/**
 * A network whose record cannot be used, nor a copy of it. What it has on the host stays; its packets pass no other
 * network and no other link.
 *
 * @param id as its directory says
 * @param name empty when nobody can tell
 * @param why what is wrong with which file
 * @param removable whether that file is ours to move: one of a newer Lockstep or of another root is not damaged
 */
public record DamagedNetwork(String id, String name, String why, boolean removable) {
    private static final int SHORT_ID = 12;

    /** What a person is told; without control characters. */
    public String sentence() {
        var shortId = id.substring(0, Math.min(SHORT_ID, id.length()));
        return ("network " + (name.isEmpty() ? shortId : name + " (" + shortId + ")") + " is left out: " + why
                        + (removable ? ". Move that file away, and the network can be made again" : ""))
                .replaceAll("\\p{Cntrl}", " ");
    }
}
