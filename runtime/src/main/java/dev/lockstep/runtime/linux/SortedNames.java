package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;

/**
 * The names in a directory in the order of their bytes, with a bound for what is in memory at once: of a directory that
 * has more, the first are taken, and it is gone through again for those that follow. What is removed meanwhile does not
 * come, nor need what is made.
 */
public final class SortedNames {
    /** Ten MiB or so, and four times through a directory of half a million files. */
    static final int AT_ONCE = 1 << 17;

    private static final Comparator<RawPath> ORDER = Comparator.comparing(RawPath::latin1);

    private final Source source;
    private final int most;
    private final Queue<RawPath> taken = new ArrayDeque<>();
    private Optional<RawPath> last = Optional.empty();
    private boolean ended;

    /** Where they come from, in any order. */
    @FunctionalInterface
    public interface Source {
        /** Tells all of them; asked again for those that did not find room. */
        void tell(Receiver receiver) throws IOException;
    }

    /** Takes one name. */
    @FunctionalInterface
    public interface Receiver {
        void name(RawPath name) throws IOException;
    }

    /** @param most that many are in memory at once, at least 1 */
    SortedNames(Source source, int most) {
        this.source = source;
        this.most = most;
    }

    /** Those that somebody tells. */
    public static SortedNames of(Source source) {
        return new SortedNames(source, AT_ONCE);
    }

    /** Whether there is another one. */
    public boolean hasNext() throws IOException {
        if (taken.isEmpty() && !ended) {
            fill();
        }
        return !taken.isEmpty();
    }

    /** The next one, after {@link #hasNext()} has found it. */
    public RawPath next() {
        return taken.remove();
    }

    private void fill() throws IOException {
        // The greatest first: it is what has to go when a smaller one comes.
        var smallest = new PriorityQueue<>(ORDER.reversed());
        ended = true;
        source.tell(name -> {
            if (last.isPresent() && ORDER.compare(name, last.get()) <= 0) {
                return;
            }
            if (smallest.size() == most) {
                ended = false;
                if (ORDER.compare(name, smallest.element()) >= 0) {
                    return;
                }
                smallest.remove();
            }
            smallest.add(name);
        });
        smallest.stream().sorted(ORDER).forEach(taken::add);
        last = Optional.ofNullable(smallest.peek());
    }
}
