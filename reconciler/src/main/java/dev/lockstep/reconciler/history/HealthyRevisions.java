package dev.lockstep.reconciler.history;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The commits that a stack was at, as its history tells them: which of them were well when they were left, and what
 * their images stood for.
 *
 * @param entries of the stack, oldest first
 */
public record HealthyRevisions(List<HistoryEntry> entries) {
    /** How runs end that leave the host at what the commit asks, as far as they came. */
    private static final Set<Outcome> TRIED =
            Set.of(Outcome.CONVERGED, Outcome.UNHEALTHY, Outcome.FAILED, Outcome.SUPERSEDED);

    public HealthyRevisions {
        entries = List.copyOf(entries);
    }

    /** The newest entry of each commit at which the stack was brought to what it asks, oldest first. */
    private Map<String, HistoryEntry> byCommit() {
        var applied = new LinkedHashMap<String, HistoryEntry>();
        var left = new HashSet<String>();
        var unjudged = new HashMap<String, HistoryEntry>();
        for (var entry : entries) {
            if (entry.commit().isEmpty()) {
                continue;
            }
            var commit = entry.commit().get();
            switch (entry.outcome()) {
                case CONVERGED, DRIFT_CORRECTED -> {
                    if (entry.outcome() == Outcome.CONVERGED) {
                        left.remove(commit);
                    } else if (left.contains(commit)) {
                        continue; // what was put right is the one before it, which the stack went back to
                    }
                    var earlier = Optional.ofNullable(applied.remove(commit)) // last again
                            .or(() -> Optional.ofNullable(unjudged.remove(commit)));
                    applied.put(
                            commit,
                            entry.images().isEmpty() && earlier.isPresent()
                                    ? entry.with(entry.steps(), earlier.get().images())
                                    : entry);
                }
                case SUPERSEDED -> Optional.ofNullable(applied.remove(commit)).ifPresent(e -> unjudged.put(commit, e));
                case UNHEALTHY, FAILED -> applied.remove(commit);
                case ROLLED_BACK, DEGRADED -> {
                    applied.remove(commit);
                    left.add(commit);
                }
                // Nothing of the commit was done.
                case REFUSED, BLOCKED, SUSPENDED, HELD, WAITING, DRIFTED -> {}
            }
        }
        return applied;
    }

    /** The last commit that was well and is not that one. */
    public Optional<HistoryEntry> before(String commit) {
        return byCommit().values().stream()
                .filter(entry -> !entry.commit().equals(Optional.of(commit)))
                .reduce((_, later) -> later);
    }

    /**
     * The commit that somebody names, well or not.
     *
     * @param name the number of an entry, or a commit's first digits, at least four
     */
    public Optional<HistoryEntry> named(String name) {
        var applied = byCommit();
        return entries.stream()
                .filter(entry -> entry.commit().isPresent())
                .filter(entry -> String.valueOf(entry.number()).equals(name)
                        || name.length() >= 4 && entry.commit().get().startsWith(name))
                .reduce((_, later) -> later)
                .map(entry -> Optional.ofNullable(applied.get(entry.commit().orElse("")))
                        .or(() -> tried(entry.commit()))
                        .orElse(entry));
    }

    /** The newest entry of a commit that was left again which has the commit's own images. */
    private Optional<HistoryEntry> tried(Optional<String> commit) {
        return entries.stream()
                .filter(entry ->
                        entry.commit().equals(commit) && !entry.images().isEmpty())
                .filter(entry -> TRIED.contains(entry.outcome()))
                .reduce((_, later) -> later);
    }
}
