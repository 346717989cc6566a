package dev.lockstep.reconciler.builds;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How far a repository was looked at for builds. A tag stays here when it is deleted, until so many others were: made
 * again elsewhere, it was moved. A branch that is gone is forgotten.
 *
 * @param refs the commit that each branch and tag led to, by full name
 * @param targets what started each target then: one that is new, or that is started by something else now, has no
 *     history
 * @param tags that there are, by their short names
 * @param deleted tags of {@code refs} that there are not any more, those first that have been gone longest
 */
public record SeenRefs(
        Map<String, String> refs, Map<String, List<String>> targets, Set<String> tags, List<String> deleted) {
    /** Of a repository that was never looked at. */
    public static final SeenRefs NONE = new SeenRefs(Map.of(), Map.of(), Set.of(), List.of());

    public SeenRefs {
        refs = Collections.unmodifiableMap(new TreeMap<>(refs));
        var copy = new TreeMap<String, List<String>>();
        targets.forEach((name, triggers) -> copy.put(name, List.copyOf(triggers)));
        targets = Collections.unmodifiableMap(copy);
        tags = Collections.unmodifiableSet(new TreeSet<>(tags));
        // A record of an earlier version has none: they are found gone at the next look.
        deleted = List.copyOf(Objects.requireNonNullElse(deleted, List.of()));
    }

    /** The same with other tags. */
    public SeenRefs withTags(Set<String> newTags) {
        return new SeenRefs(refs, targets, newTags, deleted);
    }

    /** The same where nothing is built: what is built later has no history then. */
    public SeenRefs withoutTargets() {
        return new SeenRefs(refs, Map.of(), tags, deleted);
    }

    /** The same but for some refs, which are as they were before. */
    public SeenRefs keeping(SeenRefs before, Set<String> names) {
        if (names.isEmpty()) {
            return this;
        }
        var kept = new TreeMap<>(refs);
        for (var name : names) {
            kept.remove(name);
            Optional.ofNullable(before.refs.get(name)).ifPresent(commit -> kept.put(name, commit));
        }
        return new SeenRefs(kept, targets, tags, deleted);
    }
}
