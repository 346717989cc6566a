package dev.lockstep.reconciler.builds;

import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which build the names mean that a ref gives: {@code main} of a branch, not those that each build has for itself. A
 * push has them from the one before it; a build that is made again has them unless a newer one kept them, which
 * {@link LateTags} decides. Pure.
 */
final class RefNames {
    private final NavigableMap<Long, BuildRecord> known;

    /** By these builds. */
    RefNames(List<BuildRecord> records) {
        known = Collections.unmodifiableNavigableMap(new TreeMap<>(
                records.stream().collect(Collectors.toMap(BuildRecord::number, record -> record, (a, _) -> a))));
    }

    /** Whether a build took them when it succeeded, or will when it does. */
    boolean takes(BuildRecord record) {
        if (record.state() != BuildRecord.State.SUCCEEDED && !record.state().isPending()) {
            return false;
        }
        return switch (record.occasion().kind()) {
            case TAG, BRANCH -> true;
            case RETRY, WANTED -> {
                // One that is not over has all that it asks for until then.
                var tags = record.state().isPending() ? LateTags.left(known, record, record.tags()) : record.tags();
                yield before(record)
                        .map(push -> push.tags().stream().anyMatch(tags::contains))
                        .orElse(!tags.isEmpty());
            }
        };
    }

    /** The last push of the ref, to another commit, that had them. */
    private Optional<BuildRecord> before(BuildRecord record) {
        return known.headMap(record.number(), false).descendingMap().values().stream()
                .filter(other -> other.state() == BuildRecord.State.SUCCEEDED)
                .filter(other -> other.occasion().kind() == Occasion.Kind.TAG
                        || other.occasion().kind() == Occasion.Kind.BRANCH)
                .filter(other -> other.repository().equals(record.repository())
                        && other.target().equals(record.target())
                        && other.image().equals(record.image())
                        && other.occasion().ref().equals(record.occasion().ref())
                        && !other.occasion().commit().equals(record.occasion().commit()))
                .findFirst();
    }
}
