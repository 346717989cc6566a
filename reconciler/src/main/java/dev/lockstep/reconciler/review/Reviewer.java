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
     * Plans the way from one commit to the other.
     *
     * @param host the only one that is asked about; absent: all
     */
    public Review review(CommitTree base, CommitTree head, Optional<String> host, Commits commits) throws IOException {
        var older = new CommitStacks(base, repository, key);
        var newer = new CommitStacks(head, repository, key);
        var hosts = new TreeSet<>(older.hosts());
        hosts.addAll(newer.hosts());
        // The others too: a stack may come from them.
        host.ifPresent(hosts::add);
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
                report.ifPresentOrElse(
                        said -> notes.add("host " + name + " is as it said " + age(said.at()) + " ago"),
                        () -> silent.add(name));
            }
            var then = report.isPresent() ? reported(report.get(), name, commits) : older.of(name);
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
                    + " reported nothing: compared with what " + base.revision().shortCommit() + " asks for");
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

    /** What the commits that a host has applied ask of it. */
    private Map<String, Desired> reported(Reports.Report report, String host, Commits commits) throws IOException {
        var known = new LinkedHashMap<String, CommitStacks>();
        var then = new LinkedHashMap<String, Desired>();
        for (var entry : report.applied().entrySet()) {
            var stacks = known.get(entry.getValue());
            if (stacks == null) {
                stacks = new CommitStacks(commits.open(entry.getValue()), repository, key);
                known.put(entry.getValue(), stacks);
            }
            var desired = stacks.of(host).get(entry.getKey());
            if (desired != null) {
                then.put(entry.getKey(), desired);
            }
        }
        return then;
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
        return Planner.plan(after.orElse(nothing), new Supposed(now).running(before.orElse(nothing)), facts);
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
