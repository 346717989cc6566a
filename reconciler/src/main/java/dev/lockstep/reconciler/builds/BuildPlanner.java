package dev.lockstep.reconciler.builds;

import dev.lockstep.reconciler.git.RemoteRef;
import dev.lockstep.spec.settings.RefPattern;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What of a repository's branches and tags is to be built. Pure: what was seen, what is there now and what was built go
 * in, and wishes come out. A wish becomes an order when the commit is here and says how it is built.
 */
public final class BuildPlanner {
    /** Of one target at one look: each is a commit to bring, and a build that others wait behind. */
    static final int MOST = 1000;

    /** So many deleted tags are remembered, the last: a repository that makes and deletes tags would never end. */
    static final int MOST_DELETED = 10_000;

    private static final String MOVED = "moved tags";
    private static final String UNMOVED = "no moved tags";

    private final List<BuildTarget> targets;
    private final String followed;
    private final SeenRefs seen;
    private final List<BuildRecord> records;
    private final RefNames names;

    /**
     * What a ref asks for.
     *
     * @param target as the followed commit defines it: that decides what counts
     * @param first whether the target was never looked at before; what is wrong with that commit is history then
     */
    public record Wish(BuildTarget target, Occasion occasion, boolean first) {}

    /**
     * What is to be done.
     *
     * @param wishes by target, the newest of each first
     * @param refusals what is not built
     * @param seen to be written down when all of that is done
     */
    public record Plan(List<Wish> wishes, List<BuildSink.Refusal> refusals, SeenRefs seen) {
        public Plan {
            wishes = List.copyOf(wishes);
            refusals = List.copyOf(refusals);
        }
    }

    /**
     * @param targets of the followed commit
     * @param followed full name of the followed ref
     * @param seen the last time
     * @param records of the repository, the newest first
     */
    public BuildPlanner(List<BuildTarget> targets, String followed, SeenRefs seen, List<BuildRecord> records) {
        this.targets = List.copyOf(targets);
        this.followed = followed;
        this.seen = seen;
        this.records = List.copyOf(records);
        this.names = new RefNames(this.records);
    }

    /** What to ask a remote for, so that all refs that may start a target are in its answer. */
    public static List<String> patterns(List<BuildTarget> targets) {
        var patterns = new ArrayList<String>();
        for (var target : targets) {
            target.triggers().tags().forEach(tag -> patterns.add(RemoteRef.TAGS + asked(RefPattern.ofTags(tag))));
            target.triggers()
                    .branches()
                    .forEach(branch -> patterns.add(RemoteRef.BRANCHES + asked(RefPattern.of(branch))));
        }
        patterns.removeIf(pattern -> patterns.stream()
                .anyMatch(other -> !other.equals(pattern)
                        && other.endsWith("*")
                        && pattern.startsWith(other.substring(0, other.length() - 1))));
        return patterns.stream().distinct().sorted().toList();
    }

    private static String asked(RefPattern pattern) {
        return pattern.isExact() ? pattern.prefix() : pattern.prefix() + "*";
    }

    /** Of refs of a remote those that may start a target: tags, the newest first, and then branches. */
    public static List<RemoteRef> matching(BuildTarget target, List<RemoteRef> refs) {
        var byName = new TreeMap<String, RemoteRef>();
        refs.forEach(ref -> byName.put(ref.name(), ref));
        return concat(tags(target, byName.keySet()), branches(target, byName.keySet())).stream()
                .flatMap(name -> Optional.ofNullable(byName.get(name)).stream())
                .toList();
    }

    /**
     * What is to be built, and what is not although a ref asks for it.
     *
     * @param refs that the remote has now, at least those that {@link #patterns} asks for
     */
    public Plan plan(List<RemoteRef> refs) {
        var now = new TreeMap<String, String>();
        refs.stream().filter(ref -> RemoteRef.isOwn(ref.name())).forEach(ref -> now.put(ref.name(), ref.commit()));
        var wishes = new ArrayList<Wish>();
        var refusals = new ArrayList<BuildSink.Refusal>();
        for (var target : targets) {
            var started = seen.targets().getOrDefault(target.name(), List.of());
            if (patterns(target)
                    .equals(started.stream()
                            .filter(word -> !word.equals(MOVED) && !word.equals(UNMOVED))
                            .toList())) {
                next(target, now, wishes, refusals);
                if (target.triggers().movedTags() && !started.contains(MOVED)) {
                    allowed(target, now, wishes, refusals);
                }
            } else {
                first(target, now, wishes, refusals);
            }
        }
        return new Plan(wishes, refusals, after(now));
    }

    /** Of a target that was never looked at: the newest tag, and branches that somebody named. */
    private void first(
            BuildTarget target, Map<String, String> now, List<Wish> wishes, List<BuildSink.Refusal> refusals) {
        var tags = tags(target, now.keySet());
        if (!tags.isEmpty()) {
            consider(target, tags.getFirst(), now, true, wishes, refusals);
        }
        for (var branch : branches(target, now.keySet())) {
            var name = RemoteRef.shortened(branch);
            if (branch.equals(followed) || target.triggers().branches().contains(name)) {
                consider(target, branch, now, true, wishes, refusals);
            }
        }
    }

    /** Of one that was: whatever is elsewhere than it was. */
    private void next(
            BuildTarget target, Map<String, String> now, List<Wish> wishes, List<BuildSink.Refusal> refusals) {
        // Before they are put in order: of a hundred thousand tags most were there the last time.
        var moved = now.keySet().stream()
                .filter(name -> !Optional.ofNullable(now.get(name))
                        .equals(Optional.ofNullable(seen.refs().get(name))))
                .collect(Collectors.toSet());
        var tags = tags(target, moved);
        for (var name : concat(tags.subList(0, Math.min(MOST, tags.size())), branches(target, moved))) {
            consider(target, name, now, false, wishes, refusals);
        }
        if (tags.size() > MOST) {
            var left = tags.get(MOST);
            refusals.add(new BuildSink.Refusal(
                    target.name(),
                    target.image(),
                    new Occasion(Occasion.Kind.TAG, left, now.getOrDefault(left, "")),
                    "more than " + MOST + " tags came at once. The newest " + MOST + " of them are looked at; "
                            + RemoteRef.shortened(left) + " and all older ones (" + (tags.size() - MOST)
                            + ") are not built, unless a stack asks for one"));
        }
    }

    /** Of one whose tags may move from now on: those that did so before, and were refused for it. */
    private void allowed(
            BuildTarget target, Map<String, String> now, List<Wish> wishes, List<BuildSink.Refusal> refusals) {
        tags(target, now.keySet()).stream()
                .filter(name -> Optional.ofNullable(now.get(name))
                        .equals(Optional.ofNullable(seen.refs().get(name))))
                .filter(name -> of(target, name).findAny().isPresent())
                .limit(MOST)
                .forEach(name -> consider(target, name, now, true, wishes, refusals));
    }

    private void consider(
            BuildTarget target,
            String name,
            Map<String, String> now,
            boolean first,
            List<Wish> wishes,
            List<BuildSink.Refusal> refusals) {
        var commit = now.getOrDefault(name, "");
        var tag = name.startsWith(RemoteRef.TAGS);
        var occasion = new Occasion(tag ? Occasion.Kind.TAG : Occasion.Kind.BRANCH, name, commit);
        if (isDone(target, occasion, first)) {
            return;
        }
        var before = tag && !target.triggers().movedTags() ? before(target, occasion) : Optional.<String>empty();
        if (before.isPresent()) {
            refusals.add(new BuildSink.Refusal(
                    target.name(),
                    target.image(),
                    occasion,
                    "tag " + RemoteRef.shortened(name) + " was moved from "
                            + before.get().substring(0, 7) + " to "
                            + commit.substring(0, 7) + ", and what it named may be in use. Make a new tag, or write"
                            + " moved: allow below when: of builds." + target.name()));
        } else {
            wishes.add(new Wish(target, occasion, first));
        }
    }

    /**
     * Whether that commit was built for that ref, or waits for it; what was refused is so for good, once told. Of a ref
     * that may move its last build counts: where it is back at an older commit, its names mean another one's image.
     */
    private boolean isDone(BuildTarget target, Occasion occasion, boolean first) {
        var mayMove =
                !occasion.ref().startsWith(RemoteRef.TAGS) || target.triggers().movedTags();
        return of(target, occasion.ref())
                .filter(record -> !first || record.state() != BuildRecord.State.REFUSED)
                .filter(record -> isOf(record, occasion) || mayMove && names.takes(record))
                .findFirst()
                .filter(record -> isOf(record, occasion))
                .isPresent();
    }

    private static boolean isOf(BuildRecord record, Occasion occasion) {
        return record.occasion().commit().equals(occasion.commit());
    }

    /** Where a tag was that is elsewhere now: as it was seen, or else as it was built. */
    private Optional<String> before(BuildTarget target, Occasion occasion) {
        return Optional.ofNullable(seen.refs().get(occasion.ref()))
                .or(() -> of(target, occasion.ref())
                        .filter(record -> record.state() != BuildRecord.State.REFUSED)
                        .map(record -> record.occasion().commit())
                        .findFirst())
                .filter(commit -> !commit.equals(occasion.commit()));
    }

    private Stream<BuildRecord> of(BuildTarget target, String ref) {
        return records.stream()
                .filter(record -> record.target().equals(target.name()))
                // A repository may be followed twice, and another part of it call something else the same.
                .filter(record -> record.image().equals(target.image()))
                .filter(record -> record.occasion().ref().equals(ref))
                .filter(record -> record.state() != BuildRecord.State.SUPERSEDED);
    }

    /**
     * The commit that a branch was built at last, or is to be: what its names mean, whatever was made again since.
     * Empty where it was not.
     *
     * @param target its name
     */
    public Optional<String> builtLast(String target, String branch) {
        return records.stream()
                .filter(record -> record.target().equals(target))
                .filter(record -> record.occasion().ref().equals(branch))
                .filter(names::takes)
                .max(Comparator.comparingLong(BuildRecord::number))
                .map(record -> record.occasion().commit());
    }

    /** Whether a target was built from the same before, or is to be, whatever came of it. */
    public boolean isKnown(String target, String inputs) {
        return records.stream()
                .filter(record -> record.target().equals(target))
                .filter(record -> record.inputs().equals(inputs))
                .anyMatch(record ->
                        record.state() != BuildRecord.State.REFUSED && record.state() != BuildRecord.State.SUPERSEDED);
    }

    private SeenRefs after(Map<String, String> now) {
        var refs = new HashMap<>(seen.refs());
        refs.keySet().removeIf(name -> name.startsWith(RemoteRef.BRANCHES) && !now.containsKey(name));
        // Those that went now go behind those that went before.
        var deleted = new LinkedHashSet<>(seen.deleted());
        refs.keySet().stream().filter(name -> !now.containsKey(name)).sorted().forEach(deleted::add);
        deleted.removeAll(now.keySet());
        var order = List.copyOf(deleted);
        var forgotten = order.subList(0, Math.max(0, order.size() - MOST_DELETED));
        forgotten.forEach(refs::remove);
        refs.putAll(now);
        var started = new HashMap<String, List<String>>();
        targets.forEach(target -> started.put(target.name(), triggers(target)));
        var tags = now.keySet().stream()
                .filter(name -> name.startsWith(RemoteRef.TAGS))
                .map(RemoteRef::shortened)
                .collect(Collectors.toSet());
        return new SeenRefs(refs, started, tags, order.subList(forgotten.size(), order.size()));
    }

    /** What was remembered the last time and is not any more: branches that are gone, tags that are long since. */
    public Set<String> forgotten(SeenRefs after) {
        var gone = new HashSet<>(seen.refs().keySet());
        gone.removeAll(after.refs().keySet());
        return gone;
    }

    /** What is remembered of what starts it. */
    private static List<String> triggers(BuildTarget target) {
        return concat(patterns(target), List.of(target.triggers().movedTags() ? MOVED : UNMOVED));
    }

    private static List<String> patterns(BuildTarget target) {
        var triggers = new ArrayList<String>();
        target.triggers().tags().forEach(tag -> triggers.add("tag " + tag));
        target.triggers().branches().forEach(branch -> triggers.add("branch " + branch));
        return triggers;
    }

    /** Full names, the newest first. */
    static List<String> tags(BuildTarget target, Set<String> names) {
        var patterns = target.triggers().tags().stream().map(RefPattern::ofTags).toList();
        return names.stream()
                .filter(name -> name.startsWith(RemoteRef.TAGS))
                .map(RemoteRef::shortened)
                .filter(tag -> patterns.stream().anyMatch(pattern -> pattern.matches(tag)))
                .sorted(Collections.reverseOrder(TagOrder.OLDEST_FIRST))
                .map(tag -> RemoteRef.TAGS + tag)
                .toList();
    }

    static List<String> branches(BuildTarget target, Set<String> names) {
        var patterns = target.triggers().branches().stream().map(RefPattern::of).toList();
        return names.stream()
                .filter(name -> name.startsWith(RemoteRef.BRANCHES))
                .filter(name -> patterns.stream().anyMatch(pattern -> pattern.matches(RemoteRef.shortened(name))))
                .sorted()
                .toList();
    }

    private static List<String> concat(List<String> a, List<String> b) {
        var all = new ArrayList<>(a);
        all.addAll(b);
        return all;
    }
}
