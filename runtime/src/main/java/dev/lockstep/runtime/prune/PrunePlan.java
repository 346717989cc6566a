package dev.lockstep.runtime.prune;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Decides which images go. Pure: no clock, no disk. */
public final class PrunePlan {
    /**
     * An image that might go.
     *
     * @param called for people
     * @param since when it came, or came again
     * @param needed by whom; absent when by nobody
     * @param labels that it has, as far as it can be read
     * @param content bytes of each thing that is kept for it, by a name of that thing; images share them
     */
    public record Candidate(
            Digest digest,
            String called,
            List<ImageReference> names,
            Instant since,
            Optional<String> needed,
            Map<String, String> labels,
            Map<String, Long> content) {
        public Candidate {
            names = List.copyOf(names);
            labels = Map.copyOf(labels);
            content = Map.copyOf(content);
        }
    }

    /**
     * The file system that the images are on.
     *
     * @param total bytes, positive
     * @param used bytes
     */
    public record Disk(long total, long used) {
        Disk without(long bytes) {
            return new Disk(total, Math.max(0, used - bytes));
        }
    }

    /**
     * What becomes of an image.
     *
     * @param removed whether it goes
     * @param why for people
     * @param bytes that go with it, since nothing that stays needs them
     */
    public record Decision(Candidate image, boolean removed, String why, long bytes) {}

    private PrunePlan() {}

    /** A decision for each candidate: first those that go, in the order in which they go, oldest first. */
    public static List<Decision> decide(List<Candidate> candidates, KeepRules rules, Disk disk, Instant now) {
        var newestFirst = new ArrayList<>(candidates);
        newestFirst.sort(Comparator.comparing(Candidate::since)
                .reversed()
                .thenComparing(candidate -> candidate.digest().hex()));
        var kept = new ArrayList<Decision>();
        var going = new ArrayList<Candidate>();
        var seen = new HashMap<String, Integer>();
        for (var candidate : newestFirst) {
            var reason = reason(candidate, rules, seen, now);
            if (reason.isPresent()) {
                kept.add(new Decision(candidate, false, reason.get(), 0));
            } else {
                going.add(candidate);
            }
        }
        var users = new HashMap<String, Integer>();
        candidates.forEach(c -> c.content().keySet().forEach(part -> users.merge(part, 1, Integer::sum)));
        var decisions = new ArrayList<Decision>();
        var left = disk;
        for (var candidate : going.reversed()) {
            if (rules.disk().isPresent() && !rules.disk().get().isBroken(left)) {
                kept.add(new Decision(candidate, false, rules.disk().get().kept(), 0));
                continue;
            }
            var bytes = release(candidate, users);
            left = left.without(bytes);
            decisions.add(new Decision(candidate, true, why(candidate, rules), bytes));
        }
        decisions.addAll(kept);
        return List.copyOf(decisions);
    }

    /** Why it stays whatever the disk says. Counts it among those of its repositories. */
    private static Optional<String> reason(
            Candidate candidate, KeepRules rules, Map<String, Integer> seen, Instant now) {
        var rank = Integer.MAX_VALUE;
        for (var repository : candidate.names().stream()
                .map(name -> name.host() + "/" + name.repository())
                .distinct()
                .toList()) {
            rank = Math.min(rank, seen.merge(repository, 1, Integer::sum));
        }
        if (candidate.needed().isPresent()) {
            return Optional.of(candidate.needed().get() + " needs it");
        }
        if (!rules.labels().stream().allMatch(rule -> rule.lets(candidate.labels()))) {
            return Optional.of("its labels are not those that were asked for");
        }
        if (rules.named() && !candidate.names().isEmpty()) {
            return Optional.of("it has a name");
        }
        if (candidate.since().isAfter(now.minus(rules.age()))) {
            return Optional.of("it came less than " + words(rules.age()) + " ago");
        }
        if (rank <= rules.perRepository()) {
            return Optional.of(
                    rules.perRepository() == 1
                            ? "it is the newest of its repository"
                            : "it is one of the newest " + rules.perRepository() + " of its repository");
        }
        return Optional.empty();
    }

    private static String why(Candidate candidate, KeepRules rules) {
        return (candidate.names().isEmpty() ? "it has no name" : "no container and no stack needs it")
                + rules.disk().map(disk -> ", and " + disk.broken()).orElse("");
    }

    private static long release(Candidate candidate, Map<String, Integer> users) {
        var bytes = 0L;
        for (var part : candidate.content().entrySet()) {
            if (users.merge(part.getKey(), -1, Integer::sum) == 0) {
                bytes += part.getValue();
            }
        }
        return bytes;
    }

    private static String words(Duration age) {
        if (age.toDays() >= 2) {
            return age.toDays() + " days";
        }
        return age.toHours() >= 2 ? age.toHours() + " hours" : age.toMinutes() + " minutes";
    }
}
