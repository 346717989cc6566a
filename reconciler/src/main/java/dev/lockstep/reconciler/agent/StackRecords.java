package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.apply.StepRecords;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.builds.Redaction;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.git.RefusedMove;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.history.History;
import dev.lockstep.reconciler.history.HistoryEntry;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanId;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.plan.Secrets;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is written down about one stack: its status, when it changes, and its history. The way of words to both: what
 * containers print of what they were given (a failing health check, a hook) may be secret, and so may what a mistake in
 * a file quotes; the status may be pushed to where others read it.
 */
final class StackRecords {
    private static final String APPROVED = "approved by ";

    /** A status that stays as it is, is written again this often, to show that somebody looks. */
    private static final Duration PULSE = Duration.ofMinutes(5);

    /** What is told of one problem, in code points: a health check may print pages. */
    private static final int LONGEST = 2000;
    /** In bytes. A shorter secret is none, and would blot out half of what is told. */
    private static final int SHORTEST_SECRET = 6;

    private final Root root;
    private final String host;
    private final String stack;
    private final StatusFiles files;
    private final History history;
    private final RevisionFiles revisions;
    private final InstantSource clock;
    private final Redaction redaction = Redaction.of(List.of());

    StackRecords(Root root, String host, String stack, InstantSource clock) {
        this.root = root;
        this.host = host;
        this.stack = stack;
        this.files = new StatusFiles(root);
        this.history = new History(root);
        this.revisions = new RevisionFiles(root, stack);
        this.clock = clock;
    }

    /** What the host adds to the files is told to nobody from now on, after it was changed either. */
    void hide(Secrets secrets) {
        redaction.add(secrets.maskable()
                .map(value -> value.getBytes(StandardCharsets.UTF_8))
                .toList());
    }

    /** The same of what is in the secrets that containers are given. */
    void hide(Desired desired) {
        redaction.add(desired.secretContents()
                .filter(content -> content.length >= SHORTEST_SECRET)
                .toList());
    }

    /** A text of any length without what is to be hidden. */
    String redacted(String text) {
        return redaction.of(text);
    }

    /** The same, cut: first what is secret is taken out, of which a part may be left otherwise. */
    private String brief(String text) {
        var shown = redacted(text);
        return shown.codePointCount(0, shown.length()) <= LONGEST
                ? shown
                : shown.substring(0, shown.offsetByCodePoints(0, LONGEST)) + "…";
    }

    private List<StackStatus.Problem> brief(List<StackStatus.Problem> problems) {
        return problems.stream()
                .map(problem -> new StackStatus.Problem(problem.at(), brief(problem.message())))
                .toList();
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

    /** What is written down now. */
    Optional<StackStatus> status() throws IOException {
        return files.read(stack);
    }

    /** Tells this of the wanted commit again, after something was done about another one that ran. */
    void tell(StackStatus wanted) throws IOException {
        var applied = files.read(stack).flatMap(StackStatus::applied);
        files.write(wanted.withApplied(applied));
    }

    /** Everything is applied; whether it is well is being found out. What was found before holds until then. */
    void verifying(CommitSource source) throws IOException {
        var last = files.read(stack);
        if (last.flatMap(StackStatus::outcome).isEmpty() || !isApplied(last, source)) {
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
                files.read(stack), status(source).withApplied(commit(source)).withOutcome(good, brief(notes)));
    }

    /** The revision is not as it should be; says whether that is news. */
    boolean failed(CommitSource source, Outcome outcome, List<StackStatus.Problem> found) {
        var problems = brief(found);
        try {
            var last = files.read(stack);
            var applied = outcome == Outcome.UNHEALTHY ? commit(source) : last.flatMap(StackStatus::applied);
            var news = write(last, status(source).withApplied(applied).withOutcome(Optional.of(outcome), problems));
            // What did something, or was held, is written down by whoever did it.
            if (news && (outcome == Outcome.REFUSED || outcome == Outcome.UNHEALTHY || outcome == Outcome.BLOCKED)) {
                var message = problems.stream().map(StackStatus.Problem::asText).collect(Collectors.joining("; "));
                history.append(entry(source.commit(), "check", outcome, List.of(), message, Duration.ZERO));
            }
            return news;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The wanted revision was left again; says whether that is news.
     *
     * @param good what the stack went back to
     */
    boolean wentBack(CommitSource source, StackRevision good, Outcome outcome, List<StackStatus.Problem> problems)
            throws IOException {
        var last = files.read(stack);
        var applied = good.commit().or(() -> last.flatMap(StackStatus::applied));
        return write(last, status(source).withApplied(applied).withOutcome(Optional.of(outcome), brief(problems)));
    }

    /** What the stack goes back to and what it is not brought to again. */
    RevisionFiles revisions() {
        return revisions;
    }

    /** What a commit asks of this host, with what its policies order. */
    static StackRevision ordered(CommitSource source, Planned.Ready ready, List<ContainerRecord> containers) {
        return StackRevision.of(ready.desired(), commit(source), containers);
    }

    /** What a commit asks of this host. */
    static StackRevision revision(CommitSource source, Planned.Ready ready, List<ContainerRecord> containers) {
        return ordered(source, ready, containers).asWritten(ready.written()).asking(ready.demands());
    }

    /** The stack is at an earlier commit because somebody asked for it; what is wanted stays so. */
    void wentBack(CommitSource source, StackStatus last) throws IOException {
        var why = problem("went back to " + source.revision().orElse("") + "; 'lockstep resume " + stack
                + "' brings the stack to its newest commit");
        files.write(last.withApplied(commit(source))
                .withOutcome(Optional.of(Outcome.SUSPENDED), List.of(why))
                .withTimes(clock.instant(), clock.instant()));
    }

    /**
     * Somebody went back to this, and it is well: from now on it is what the stack goes back to. What was tried in vain
     * is not tried again for that; where it was left half changed, it is no more.
     */
    void wentBack(StackRevision well) throws IOException {
        var failed = revisions.failed().filter(f -> !f.revision().isSameAs(well));
        revisions.good(well, clock.instant());
        if (failed.isPresent()) {
            revisions.failed(failed.get().left());
        }
    }

    /** Everything is applied, and nobody waits any more for it to be well. */
    void superseded(CommitSource source) throws IOException {
        history.append(entry(
                source.commit(),
                "check",
                Outcome.SUPERSEDED,
                List.of(),
                "a newer revision came, or the agent ended, before it was known to be well",
                Duration.ZERO));
    }

    /** What the stack went back to from this commit is not well either. */
    void degraded(CommitSource source, String why) throws IOException {
        history.append(entry(source.commit(), "check", Outcome.DEGRADED, List.of(), why, Duration.ZERO));
    }

    /** It is well; the history is told where it has it that nobody had waited for that. */
    void foundWell(CommitSource source) throws IOException {
        var commit = Optional.of(source.commit().commit());
        var last = history.entries(stack).stream()
                .filter(entry -> entry.commit().equals(commit))
                .reduce((_, later) -> later);
        if (last.filter(entry -> entry.outcome() == Outcome.SUPERSEDED).isPresent()) {
            history.append(entry(source.commit(), "check", Outcome.CONVERGED, List.of(), "is well", Duration.ZERO));
        }
    }

    /** The repository has the stack no longer; it goes on running until a person takes it down. */
    void orphaned() throws IOException {
        var last = files.read(stack);
        if (last.isPresent() && !last.get().orphaned()) {
            files.write(last.get().asOrphan(clock.instant()));
        }
    }

    /** The ref was moved to a commit that this host does not follow it to; the stack stays as it is. */
    void refused(RefusedMove move) throws IOException {
        history.append(entry(move.to(), "poll", Outcome.REFUSED, List.of(), move.sentence(), Duration.ZERO));
    }

    /** The repository cannot be read, or can again ({@code error} empty); says whether that is news. */
    boolean fetchError(Optional<String> error) throws IOException {
        var last = files.read(stack);
        var before = last.flatMap(StackStatus::fetchError);
        if (last.isPresent() && !before.map(StackStatus.FetchError::message).equals(error)) {
            var since = before.map(StackStatus.FetchError::since).orElse(clock.instant());
            files.write(last.get().withFetchError(error.map(e -> new StackStatus.FetchError(e, since))));
            return true;
        }
        return false;
    }

    /** When what failed or waits is tried again. */
    void nextTry(Optional<Instant> time) throws IOException {
        var last = files.read(stack).filter(s -> !s.nextTry().equals(time));
        if (last.isPresent()) {
            files.write(last.get().withNextTry(time));
        }
    }

    /** A line of history for a run that did something. */
    void ran(CommitSource source, String trigger, Outcome outcome, Plan plan, String message, Duration took)
            throws IOException {
        ran(source.commit(), trigger, outcome, plan, message, took);
    }

    /** A line of history for a run of a job, or for one that was left out. */
    void job(String service, Outcome outcome, String message, Duration took) throws IOException {
        var status = files.read(stack);
        history.append(new HistoryEntry(
                clock.instant(),
                host,
                root.id(),
                stack,
                status.flatMap(StackStatus::repository),
                status.flatMap(StackStatus::applied).map(StackStatus.Commit::id),
                status.flatMap(StackStatus::ref),
                "schedule",
                outcome,
                List.of("> job " + service),
                brief(message),
                took));
    }

    /** The same for a stack that the commit may not have. */
    void ran(Revision commit, String trigger, Outcome outcome, Plan plan, String message, Duration took)
            throws IOException {
        history.append(planned(commit, trigger, outcome, plan, message, took));
    }

    /**
     * The same with what became of each operation.
     *
     * @param note who agreed, and what was passed over: parts with semicolons between
     * @param containers of this host, afterwards
     */
    void ran(
            CommitSource source,
            String trigger,
            Outcome outcome,
            Plan plan,
            List<StepResult> results,
            List<ObservedContainer> containers,
            String note,
            String message,
            Duration took)
            throws IOException {
        var overrides =
                Stream.of(note.split("; ", -1)).filter(part -> !part.isBlank()).toList();
        var by = overrides.stream()
                .filter(part -> part.startsWith(APPROVED))
                .map(part -> part.substring(APPROVED.length()))
                .findFirst();
        ran(source, trigger, outcome, plan, results, containers, by, overrides, message, took);
    }

    /** The same where it is known who asked or agreed, and what was passed over. */
    void ran(
            CommitSource source,
            String trigger,
            Outcome outcome,
            Plan plan,
            List<StepResult> results,
            List<ObservedContainer> containers,
            Optional<String> by,
            List<String> overrides,
            String message,
            Duration took)
            throws IOException {
        history.append(planned(source.commit(), trigger, outcome, plan, message, took)
                .agreed(by, overrides)
                .with(StepRecords.of(results, this::brief), StepRecords.images(stack, containers)));
    }

    private HistoryEntry planned(
            Revision commit, String trigger, Outcome outcome, Plan plan, String message, Duration took) {
        return entry(commit, trigger, outcome, new PlanText(false).operations(plan), message, took)
                .planned(PlanId.of(plan, List.of()).text());
    }

    private HistoryEntry entry(
            Revision commit, String trigger, Outcome outcome, List<String> operations, String message, Duration took) {
        return new HistoryEntry(
                        clock.instant(),
                        host,
                        root.id(),
                        stack,
                        Optional.of(commit.repository()),
                        Optional.of(commit.commit()),
                        Optional.of(commit.ref()),
                        trigger,
                        outcome,
                        operations,
                        brief(message),
                        took)
                .of(commit.author(), commit.subject());
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
        var same = last.filter(s -> next.withTimes(s.since(), s.checked())
                .equals(s.withNextTry(Optional.empty()))); // that is told when the run is over
        if (same.isPresent() && same.get().checked().plus(PULSE).isAfter(next.checked())) {
            return false;
        }
        files.write(same.map(s -> next.withTimes(s.since(), next.checked()).withNextTry(s.nextTry()))
                .orElse(next));
        return same.isEmpty();
    }

    private static Optional<StackStatus.Commit> commit(CommitSource source) {
        return Optional.of(commit(source.commit()));
    }

    private static StackStatus.Commit commit(Revision revision) {
        return new StackStatus.Commit(revision.commit(), revision.subject(), revision.author(), revision.authored());
    }
}
