package dev.lockstep.runtime.container;

/**
 * A container whose record cannot be used: nobody knows what it was to be. It does not run, or the copy of its record
 * that is kept while it runs cannot be read either.
 *
 * @param name empty when no name leads to it
 * @param why what is wrong with which file
 * @param replaceable whether it may be set aside: a record of a newer Lockstep is not damaged
 */
public record DamagedContainer(String id, String name, String why, boolean replaceable) {
    /** What a person is told; without control characters. */
    public String sentence() {
        var who = "container " + (name.isEmpty() ? id.substring(0, 12) : name + " (" + id.substring(0, 12) + ")");
        return (who + " is left out: " + why
                        + (replaceable
                                ? ". 'lockstep apply' makes it anew, 'lockstep system prune' sets it aside"
                                : ""))
                .replaceAll("\\p{Cntrl}", " ");
    }
}
