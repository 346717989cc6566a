package dev.lockstep.runtime.volume;

/**
 * A volume whose record cannot be used: nobody knows what it was to be. What is in it is left alone.
 *
 * @param why what is wrong with which file
 * @param removable whether it is ours to remove: a record of a newer Lockstep or of another root is not damaged
 */
public record DamagedVolume(String name, String why, boolean removable) {
    /** What a person is told; without control characters. */
    public String sentence() {
        return ("volume " + name + " is left out: " + why
                        + (removable
                                ? ". Move that file away, and the volume is made again with what is in it;"
                                        + " 'lockstep volume rm " + name + "' removes both"
                                : ""))
                .replaceAll("\\p{Cntrl}", " ");
    }
}
