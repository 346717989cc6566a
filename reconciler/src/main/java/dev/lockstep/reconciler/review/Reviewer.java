package dev.lockstep.reconciler.review;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.observe.Supposed;
import dev.lockstep.reconciler.plan.Facts;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.Planner;
import dev.lockstep.reconciler.plan.Secrets;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.model.Sources;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Compares what two commits ask of each host. */
public final class Reviewer {
    /** Stands for all hosts of a repository that names none. */
    static final String EVERY_HOST = "(every host)";

    private final String repository;
    private final Reports reports;
    private final Instant now;
    private final byte[] key = new byte[32];

    /**
     * Of one repository.
     *
     * @param repository what it is called
     * @param reports what its hosts say of themselves
     */
    public Reviewer(String repository, Reports reports, Instant now) {
        this.repository = repository;
        this.reports = reports;
        this.now = now;
        new SecureRandom().nextBytes(key);
    }

    /** Opens a commit by its id. */
    @FunctionalInterface
    public interface Commits {
        /**
         * Its files.
         *
         * @throws IOException when it is not there
         */
        CommitTree open(String commit) throws IOException;
    }

    /**
     * Plans the way from what hosts have reported to a commit. Hosts that have reported nothing are named and left out.
     *
     * @param host the only one that is asked about; absent: all
     */
    public Review review(CommitTree head, Optional<String> host, Commits commits) throws IOException {
        return review(head, head, host, commits, false);
    }

    /**
     * Plans the way from one commit to the other, and for hosts that have reported from what they run.
     *
     * @param host the only one that is asked about; absent: all
     */
    public Review review(CommitTree base, CommitTree head, Optional<String> host, Commits commits) throws IOException {
        return review(base, head, host, commits, true);
    }

    /** @param known whether hosts that have reported nothing are supposed to run what {@code base} asks for */
    private Review review(CommitTree base, CommitTree head, Optional<String> host, Commits commits, boolean known)
            throws IOException {
        var older = new CommitStacks(base, repository, key);
        var newer = new CommitStacks(head, repository, key);
        var hosts = new TreeSet<>(older.hosts());
        hosts.addAll(newer.hosts());
        // The others too: a stack may come from them.
        host.ifPresent(hosts::add);
        if (host.isEmpty()) {
            hosts.addAll(reports.hosts().keySet());
        }
        if (hosts.isEmpty()) {
            hosts.add(EVERY_HOST);
        }
        var plans = new ArrayList<Plan>();
        var notes = new ArrayList<String>();
        var silent = new ArrayList<String>();
        var leaving = new TreeMap<String, Set<String>>();
        var coming = new TreeMap<String, Set<String>>();
        var volumes = new LinkedHashMap<String, Set<String>>();
        var unchanged = 0;
        for (var name : hosts) {
            var report = reports.of(name);
            var asked = host.filter(only -> !only.equals(name)).isEmpty();
            if (asked && !name.equals(EVERY_HOST)) {
                report.ifPresentOrElse(said -> notes.add(said(name, said)), () -> silent.add(name));
            }
            if (report.isEmpty() && !known) {
                // Where it is now nobody has said.
                continue;
            }
            var then = report.isPresent()
                    ? reported(
                            report.get(),
                            name,
                            known ? older.of(name) : Map.of(),
                            commits,
                            asked ? notes : new ArrayList<>())
                    : older.of(name);
            var wanted = newer.of(name);
            var stacks = new LinkedHashSet<>(wanted.keySet());
            stacks.addAll(then.keySet());
            for (var stack : stacks) {
                var before = Optional.ofNullable(then.get(stack));
                var after = Optional.ofNullable(wanted.get(stack));
                if (before.isEmpty()) {
                    coming.computeIfAbsent(stack, _ -> new TreeSet<>()).add(name);
                }
                if (after.isEmpty()) {
                    leaving.computeIfAbsent(stack, _ -> new TreeSet<>()).add(name);
                    before.get().volumes().stream()
                            .filter(volume -> !volume.external())
                            .forEach(volume -> volumes.computeIfAbsent(stack, _ -> new TreeSet<>())
                                    .add(volume.spec().name()));
                }
                if (!asked) {
                    continue;
                }
                var plan = plan(before, after, name, stack, head.revision());
                if (plan.isEmpty() && plan.problems().isEmpty()) {
                    unchanged++;
                } else {
                    plans.add(plan);
                }
            }
        }
        if (!silent.isEmpty()) {
            notes.add((silent.size() == 1 ? silent.getFirst() + " has" : String.join(", ", silent) + " have")
                    + " reported nothing: "
                    + (known
                            ? "compared with what " + base.revision().shortCommit() + " asks for"
                            : "not planned; BASE..HEAD compares what two commits ask for"));
        }
        var moves = leaving.entrySet().stream()
                .filter(entry -> coming.containsKey(entry.getKey()))
                .map(entry -> new Move(
                        entry.getKey(),
                        entry.getValue(),
                        Objects.requireNonNull(coming.get(entry.getKey())),
                        List.copyOf(volumes.getOrDefault(entry.getKey(), Set.of()))))
                .filter(move -> host.filter(only ->
                                !move.from().contains(only) && !move.to().contains(only))
                        .isEmpty())
                .toList();
        return new Review(
                shown(base.revision()), shown(head.revision()), plans, unchanged, moves, notes, newer.problems());
    }

    private String said(String host, Reports.Report report) {
        var stacks = report.sorted().entrySet().stream()
                .map(entry -> entry.getKey()
                        + entry.getValue()
                                .applied()
                                .map(id -> " " + Revision.shortened(id))
                                .orElse(" nothing")
                        + entry.getValue()
                                .state()
                                .map(state -> " (" + state + ")")
                                .orElse(""))
                .collect(Collectors.joining(", "));
        return "host " + host + " is as it reported " + age(report.at()) + " ago: "
                + (stacks.isEmpty() ? "no stacks" : stacks);
    }

    /**
     * What the commits that a host has applied ask of it.
     *
     * @param older what it is supposed to run where its report does not help
     */
    private Map<String, Desired> reported(
            Reports.Report report, String host, Map<String, Desired> older, Commits commits, List<String> notes) {
        var known = new LinkedHashMap<String, Optional<Map<String, Desired>>>();
        var then = new LinkedHashMap<String, Desired>();
        report.sorted()
                .forEach((stack, said) -> said.applied().ifPresent(commit -> {
                    var stacks = known.computeIfAbsent(commit, id -> asked(id, host, commits));
                    var desired = stacks.map(all -> all.get(stack));
                    desired.or(() -> Optional.ofNullable(older.get(stack))).ifPresent(found -> then.put(stack, found));
                    if (desired.isEmpty()) {
                        notes.add("host " + host + " runs stack " + stack + " of commit " + Revision.shortened(commit)
                                + ", which "
                                + (stacks.isEmpty()
                                        ? "is not in this clone ('git fetch' brings it)"
                                        : "does not have it here")
                                + ": "
                                + (older.containsKey(stack)
                                        ? "compared with what the older commit asks for"
                                        : "shown as if it did not run"));
                    }
                }));
        return then;
    }

    /** What that commit asks of a host; empty when it is not there or cannot be read. */
    private Optional<Map<String, Desired>> asked(String commit, String host, Commits commits) {
        try {
            return Optional.of(new CommitStacks(commits.open(commit), repository, key).of(host));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private Plan plan(Optional<Desired> before, Optional<Desired> after, String host, String stack, Revision revision) {
        var nothing = new Desired(
                new Owner(host, stack, Optional.of(repository)),
                Optional.of(shown(revision)),
                List.of(),
                List.of(),
                List.of(),
                Sources.none());
        // As if a person did it: guards are the host's own, and it has said nothing.
        var facts = new Facts(false, true, false, false, Set.of(), Map.of(), Map.of(), Secrets.NONE);
        var next = after.orElse(nothing);
        return Planner.plan(next, new Supposed(now).running(before.orElse(nothing), next), facts);
    }

    private static String shown(Revision revision) {
        return revision.shortCommit() + " \"" + revision.subject() + "\"";
    }

    private String age(Instant then) {
        var age = Duration.between(then, now);
        return age.toDays() > 1
                ? age.toDays() + " days"
                : age.toHours() > 1 ? age.toHours() + " hours" : Math.max(0, age.toMinutes()) + " minutes";
    }
}
