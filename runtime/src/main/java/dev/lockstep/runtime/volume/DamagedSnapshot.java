package dev.lockstep.runtime.volume;

/**
 * A snapshot of a volume whose record cannot be used. Its files are left alone.
 *
 * @param why what is wrong with which file
 * @param removable whether it is ours to remove: a record of a newer Lockstep or of another root is not damaged
 */
public record DamagedSnapshot(String volume, String name, String why, boolean removable) {
    /** What a person is told; without control characters. */
    public String sentence() {
        return ("snapshot " + name + " of volume " + volume + " is left out: " + why
                        + (removable
                                ? ". Its files are beside that file; 'lockstep volume snapshot --rm " + volume + " "
                                        + name + "' removes both"
                                : ""))
                .replaceAll("\\p{Cntrl}", " ");
    }
}
