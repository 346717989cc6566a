package dev.lockstep.reconciler.builds;

import java.util.List;
import java.util.NavigableMap;

/** Which of its tags a build still gets: a late one does not turn {@code latest} back. Pure. */
public final class LateTags {
    private LateTags() {}

    /**
     * Those that no newer build of the same target has already.
     *
     * @param known all builds by number
     * @param record whose tags they are
     */
    public static List<String> left(NavigableMap<Long, BuildRecord> known, BuildRecord record, List<String> wanted) {
        var newer = known.tailMap(pushed(known, record), false).values().stream()
                .filter(other -> other.state() == BuildRecord.State.SUCCEEDED)
                .filter(other -> isOfSameTarget(other, record))
                .filter(other -> other.number() > record.number()
                        || !other.occasion().commit().equals(record.occasion().commit()))
                .toList();
        return wanted.stream()
                .filter(tag -> newer.stream().noneMatch(other -> other.tags().contains(tag)))
                .toList();
    }

    private static boolean isOfSameTarget(BuildRecord a, BuildRecord b) {
        return a.repository().equals(b.repository())
                && a.target().equals(b.target())
                && a.image().equals(b.image());
    }

    /**
     * The build of the push that is made again, as far as one is remembered: an old commit that somebody wants once
     * more is as late as it was then.
     */
    private static long pushed(NavigableMap<Long, BuildRecord> known, BuildRecord record) {
        var occasion = record.occasion();
        return switch (occasion.kind()) {
            case TAG, BRANCH -> record.number();
            case RETRY, WANTED ->
                known.headMap(record.number(), false).descendingMap().values().stream()
                        .filter(other -> isOfSameTarget(other, record))
                        .filter(other -> other.occasion().ref().equals(occasion.ref()))
                        .filter(other -> other.occasion().commit().equals(occasion.commit()))
                        .filter(other -> other.occasion().kind() == Occasion.Kind.TAG
                                || other.occasion().kind() == Occasion.Kind.BRANCH)
                        .map(BuildRecord::number)
                        .findFirst()
                        .orElse(record.number());
        };
    }
}
