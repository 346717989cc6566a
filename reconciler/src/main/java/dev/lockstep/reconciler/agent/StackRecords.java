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
        var last = files.read(stack);
        var judged = last.flatMap(StackStatus::outcome).filter(o -> o != Outcome.UNHEALTHY);
        if (judged.isEmpty() || !isApplied(last, source)) {
            write(last, status(source).withApplied(commit(source)));
        }
    }

    private static boolean isApplied(Optional<StackStatus> status, CommitSource source) {
        return status.flatMap(StackStatus::applied)
                .filter(c -> c.id().equals(source.commit().commit()))
                .isPresent();
    }

    /**
     * The revision runs and is well; says whether that is news.
     *
     * @param notes what a person should know all the same
     */
    boolean good(CommitSource source, List<StackStatus.Problem> notes) throws IOException {
        var good = Optional.of(Outcome.CONVERGED);
        return write(
                files.read(stack), status(source).withApplied(commit(source)).withOutcome(good, notes));
    }

    /** The revision is not as it should be; says whether that is news. */
    boolean failed(CommitSource source, Outcome outcome, List<StackStatus.Problem> problems) {
        try {
            var last = files.read(stack);
            var applied = outcome == Outcome.UNHEALTHY ? commit(source) : last.flatMap(StackStatus::applied);
            return write(last, status(source).withApplied(applied).withOutcome(Optional.of(outcome), problems));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The repository has the stack no longer; it goes on running until a person takes it down. */
    void orphaned() throws IOException {
        var last = files.read(stack);
        if (last.isPresent() && !last.get().orphaned()) {
            files.write(last.get().asOrphan(clock.instant()));
        }
    }

    /** The repository cannot be read, or can again ({@code error} empty). */
    void fetchError(Optional<String> error) throws IOException {
        var last = files.read(stack);
        var before = last.flatMap(StackStatus::fetchError);
        if (last.isPresent() && !before.map(StackStatus.FetchError::message).equals(error)) {
            var since = before.map(StackStatus.FetchError::since).orElse(clock.instant());
            files.write(last.get().withFetchError(error.map(e -> new StackStatus.FetchError(e, since))));
        }
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

    private StackStatus status(CommitSource source) {
        var commit = source.commit();
        return StackStatus.followed(
                        stack, commit.repository(), commit.ref(), source.stack().directory(), clock.instant())
                .withWanted(commit(commit));
    }

    /** Writes what differs, and what has not been written for a while; returns whether it differs. */
    private boolean write(Optional<StackStatus> last, StackStatus found) throws IOException {
        var next = found.withFetchError(last.flatMap(StackStatus::fetchError)); // who looks at the repository knows
        var same = last.filter(s -> next.withTimes(s.since(), s.checked()).equals(s));
        if (same.isPresent() && same.get().checked().plus(PULSE).isAfter(next.checked())) {
            return false;
        }
        files.write(same.map(s -> next.withTimes(s.since(), next.checked())).orElse(next));
        return same.isEmpty();
    }

    private static Optional<StackStatus.Commit> commit(CommitSource source) {
        return Optional.of(commit(source.commit()));
    }

    private static StackStatus.Commit commit(Revision revision) {
        return new StackStatus.Commit(revision.commit(), revision.subject(), revision.author(), revision.authored());
    }
}
