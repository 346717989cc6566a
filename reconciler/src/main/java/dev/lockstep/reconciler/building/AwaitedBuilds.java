package dev.lockstep.reconciler.building;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongPredicate;

/** Which builds wait for others to end. Whoever asks or tells holds the lock of the queue. */
final class AwaitedBuilds {
    private final Map<Long, Set<Long>> awaited = new HashMap<>();

    /**
     * That build waits for these.
     *
     * @return false when one of them waits for that build, itself or by others: then it does not
     */
    boolean add(long build, Set<Long> others) {
        if (reaches(others, build)) {
            return false;
        }
        awaited.put(build, Set.copyOf(others));
        return true;
    }

    private boolean reaches(Set<Long> from, long build) {
        var seen = new HashSet<Long>();
        var open = new ArrayDeque<>(from);
        while (!open.isEmpty()) {
            var next = open.remove();
            if (next == build) {
                return true;
            }
            if (seen.add(next)) {
                open.addAll(awaited.getOrDefault(next, Set.of()));
            }
        }
        return false;
    }

    /** It waits for nothing any more. */
    void remove(long build) {
        awaited.remove(build);
    }

    /**
     * Whether it still has to wait.
     *
     * @param isPending whether a build has not ended
     */
    boolean mustWait(long build, LongPredicate isPending) {
        return awaited.getOrDefault(build, Set.of()).stream().anyMatch(isPending::test);
    }
}
