package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.history.History;
import dev.lockstep.reconciler.history.HistoryEntry;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** What is written down about one stack: its status, when it changes, and its history. */
final class StackRecords {
    /** A status that stays as it is, is written again this often, to show that somebody looks. */
    private static final Duration PULSE = Duration.ofMinutes(5);

    private final Root root;
    private final String host;
    private final String stack;
    private final StatusFiles files;
    private final History history;
    private final InstantSource clock;

    StackRecords(Root root, String host, String stack, InstantSource clock) {
        this.root = root;
        this.host = host;
        this.stack = stack;
        this.files = new StatusFiles(root);
        this.history = new History(root);
        this.clock = clock;
    }

    static StackStatus.Problem problem(String message) {
        return new StackStatus.Problem(Optional.empty(), message);
    }

    static StackStatus.Problem problem(dev.lockstep.spec.yaml.Problem problem) {
        var message = (problem.path().isEmpty() ? "" : problem.path() + ": ") + problem.message();
        return new StackStatus.Problem(
                problem.at().isDefault()
                        ? Optional.empty()
                        : Optional.of(problem.at().toString()),
                message);
    }

    /** The commit that was applied last, as far as anybody wrote it down. */
    Optional<String> applied() throws IOException {
        return files.read(stack).flatMap(StackStatus::applied).map(StackStatus.Commit::id);
    }

    /** Everything is applied; whether it is well is being found out. */
    void verifying(CommitSource source) throws IOException {
        var now = clock.instant();
        var last = files.read(stack);
        var sameCommit = last.flatMap(StackStatus::applied)
                .map(StackStatus.Commit::id)
                .equals(Optional.of(source.commit().commit()));
        if (!sameCommit
                || last.flatMap(StackStatus::outcome)
                        .filter(o -> o != Outcome.UNHEALTHY)
                        .isEmpty()) {
            write(last, status(source, Optional.of(commit(source.commit())), Optional.empty(), List.of(), now));
        }
    }

    /** The revision runs and is well. */
    void good(CommitSource source) throws IOException {
        write(
                files.read(stack),
                status(
                        source,
                        Optional.of(commit(source.commit())),
                        Optional.of(Outcome.CONVERGED),
                        List.of(),
                        clock.instant()));
    }

    /** The revision is not as it should be; says whether that is news. */
    boolean failed(CommitSource source, Outcome outcome, List<StackStatus.Problem> problems) {
        try {
            var last = files.read(stack);
            var applied = outcome == Outcome.UNHEALTHY
                    ? Optional.of(commit(source.commit()))
                    : last.flatMap(StackStatus::applied);
            return write(last, status(source, applied, Optional.of(outcome), problems, clock.instant()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The repository has the stack no longer; it goes on running until a person takes it down. */
    void orphaned() throws IOException {
        var last = files.read(stack);
        if (last.isPresent() && !last.get().orphaned()) {
            var s = last.get();
            files.write(new StackStatus(
                    s.stack(),
                    s.repository(),
                    s.ref(),
                    s.directory(),
                    s.wanted(),
                    s.applied(),
                    s.outcome(),
                    List.of(),
                    clock.instant(),
                    clock.instant(),
                    true,
                    s.fetchError()));
        }
    }

    /** The repository cannot be read, or can again ({@code error} empty). */
    void fetchError(Optional<String> error) throws IOException {
        var last = files.read(stack);
        if (last.isEmpty()
                || last.get().fetchError().map(StackStatus.FetchError::message).equals(error)) {
            return;
        }
        var s = last.get();
        var since = s.fetchError().map(StackStatus.FetchError::since).orElse(clock.instant());
        files.write(new StackStatus(
                s.stack(),
                s.repository(),
                s.ref(),
                s.directory(),
                s.wanted(),
                s.applied(),
                s.outcome(),
                s.problems(),
                s.since(),
                s.checked(),
                s.orphaned(),
                error.map(message -> new StackStatus.FetchError(message, since))));
    }

    /** A line of history for a run that did something. */
    void ran(CommitSource source, String trigger, Outcome outcome, Plan plan, String message, Duration took)
            throws IOException {
        var commit = source.commit();
        history.append(new HistoryEntry(
                clock.instant(),
                host,
                root.id(),
                stack,
                source.repository(),
                Optional.of(commit.commit()),
                Optional.of(commit.ref()),
                trigger,
                outcome,
                new PlanText(false).operations(plan),
                message,
                took));
    }

    private StackStatus status(
            CommitSource source,
            Optional<StackStatus.Commit> applied,
            Optional<Outcome> outcome,
            List<StackStatus.Problem> problems,
            Instant now) {
        return new StackStatus(
                stack,
                source.repository(),
                Optional.of(source.commit().ref()),
                Optional.of(source.stack().directory()),
                Optional.of(commit(source.commit())),
                applied,
                outcome,
                problems,
                now,
                now,
                false,
                Optional.empty());
    }

    /** Writes what differs, and what has not been written for a while; returns whether it differs. */
    private boolean write(Optional<StackStatus> last, StackStatus next) throws IOException {
        var same = last.filter(s -> sameButForTimes(s, next));
        if (same.isPresent() && same.get().checked().plus(PULSE).isAfter(next.checked())) {
            return false;
        }
        files.write(same.map(s -> at(next, s.since(), next.checked())).orElse(next));
        return same.isEmpty();
    }

    private static boolean sameButForTimes(StackStatus a, StackStatus b) {
        return at(a, Instant.EPOCH, Instant.EPOCH).equals(at(b, Instant.EPOCH, Instant.EPOCH));
    }

    private static StackStatus at(StackStatus s, Instant since, Instant checked) {
        return new StackStatus(
                s.stack(),
                s.repository(),
                s.ref(),
                s.directory(),
                s.wanted(),
                s.applied(),
                s.outcome(),
                s.problems(),
                since,
                checked,
                s.orphaned(),
                s.fetchError());
    }

    private static StackStatus.Commit commit(Revision revision) {
        return new StackStatus.Commit(revision.commit(), revision.subject(), revision.author(), revision.authored());
    }
}
