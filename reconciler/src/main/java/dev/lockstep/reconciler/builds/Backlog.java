package dev.lockstep.reconciler.builds;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What waits to be built, and in which order: of each target the newest first, and of the targets the one whose turn
 * was longest ago, so that a repository with many tags keeps nobody from building. Pure.
 */
public final class Backlog {
    private Backlog() {}

    /**
     * What is built next. Builds of one target come one after the other.
     *
     * @param all every build of the root, in any order; those that wait are looked at
     * @param mustWait of those whether one has to wait although it is its turn
     */
    public static Optional<BuildRecord> next(List<BuildRecord> all, Predicate<BuildRecord> mustWait) {
        var lastTurn = new HashMap<Target, Long>();
        var busy = new ArrayList<Target>();
        for (var record : all) {
            var target = Target.of(record);
            record.started().ifPresent(at -> lastTurn.merge(target, at.toEpochMilli(), Math::max));
            if (record.state() == BuildRecord.State.BUILDING || record.state() == BuildRecord.State.TESTING) {
                busy.add(target);
            }
        }
        return all.stream()
                .filter(record -> record.state() == BuildRecord.State.QUEUED)
                .filter(record -> !busy.contains(Target.of(record)))
                .filter(Predicate.not(mustWait))
                .min(Comparator.comparingLong(
                                (BuildRecord record) -> lastTurn.getOrDefault(Target.of(record), Long.MIN_VALUE))
                        .thenComparing(
                                Comparator.comparingLong(BuildRecord::number).reversed()));
    }

    /**
     * Which of those that wait are not built any more because of a newer push of the same branch.
     *
     * @param newer that was just asked for
     */
    public static List<BuildRecord> superseded(List<BuildRecord> all, BuildRecord newer) {
        return newer.occasion().kind() != Occasion.Kind.BRANCH
                ? List.of()
                : all.stream()
                        .filter(record -> record.state() == BuildRecord.State.QUEUED)
                        .filter(record -> record.number() < newer.number())
                        .filter(record -> record.occasion().kind() == Occasion.Kind.BRANCH)
                        .filter(record -> Target.of(record).equals(Target.of(newer)))
                        .filter(record ->
                                record.occasion().ref().equals(newer.occasion().ref()))
                        .toList();
    }

    /**
     * A target of a repository, whichever commit defines it; other parts of the repository may use its name as well.
     */
    private record Target(String repository, String name, String image) {
        static Target of(BuildRecord record) {
            return new Target(record.repository(), record.target(), record.image());
        }
    }
}
