package dev.lockstep.runtime.oci;

/**
 * User and group ids of the host that a container has for its own: its id 0 is {@code first} outside, its id 1 the
 * next, and so on. Both kinds of ids have the same numbers.
 *
 * @param first id of the host that is root inside
 * @param count how many
 */
public record IdRange(long first, long count) {
    /** {@code /proc/sys/fs/overflowuid}. */
    private static final long NOBODY = 65_534;

    private static final long HIGHEST = 0xffff_fffeL;

    public IdRange {
        if (first < 1 || count < 1 || first + count - 1 > HIGHEST) {
            throw new IllegalArgumentException("no range of ids: " + count + " from " + first);
        }
    }

    /** The last id of the host that is in it. */
    public long last() {
        return first + count - 1;
    }

    /**
     * What an id of the container is outside.
     *
     * @throws IllegalArgumentException with a sentence, when it has no such id
     */
    public int outside(int id) {
        if (Integer.toUnsignedLong(id) >= count) {
            throw new IllegalArgumentException(
                    "the id " + Integer.toUnsignedString(id) + " is not among the " + count + " that it has");
        }
        return (int) (first + id);
    }

    /** What an id of the host is inside; what it has not is that of nobody, as the kernel shows it. */
    public long inside(int id) {
        var outside = Integer.toUnsignedLong(id);
        return outside < first || outside > last() ? NOBODY : outside - first;
    }

    /** Whether an id of the host is in both. */
    public boolean overlaps(IdRange other) {
        return first <= other.last() && other.first() <= last();
    }

    @Override
    public String toString() {
        return first + "-" + last();
    }
}
