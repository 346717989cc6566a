package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.StackSource;
import dev.lockstep.reconciler.history.HistoryEntry;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.runtime.Engine;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A followed stack at a commit that it was at before, from the clone on this host: no remote and no registry is asked.
 * What somebody does with it is written down as an agent writes it.
 */
public final class Rollback implements AutoCloseable {
    private final Engine engine;
    private final Follower follower;
    private final StackStatus status;
    private final CommitSource source;
    private final HistoryEntry target;
    private final StackRecords records;

    private Rollback(
            Engine engine,
            Follower follower,
            StackStatus status,
            CommitSource source,
            HistoryEntry target,
            StackRecords records) {
        this.engine = engine;
        this.follower = follower;
        this.status = status;
        this.source = source;
        this.target = target;
        this.records = records;
    }

    /**
     * Finds the stack's files of that time.
     *
     * @param status of the stack, which a repository must be the source of
     * @param target what ran then
     * @param stackSettings directory with the host's own values; those of now hold
     * @throws IOException with a sentence, when the commit is no longer in the clone or does not have the stack
     */
    public static Rollback to(
            Engine engine,
            AgentSettings settings,
            String host,
            Path stackSettings,
            StackStatus status,
            HistoryEntry target,
            InstantSource clock,
            Consumer<String> out)
            throws IOException {
        var url = status.repository().orElseThrow();
        var followed = FollowedRepository.all(settings);
        var repository = FollowedRepository.of(status, followed)
                .or(() -> followed.stream()
                        .filter(one -> one.isAt(Optional.of(url)))
                        .findFirst())
                .orElseGet(() ->
                        new FollowedRepository(new AgentSettings.Repository(url, status.ref(), Optional.empty())));
        var follower = new Follower(
                repository,
                FollowedRemotes.of(engine, repository.settings()),
                new FollowingHost(
                        engine.root(), host, settings.labels(), new HostVariables(stackSettings), settings.builds()),
                _ -> false,
                out);
        try {
            var source = follower.stacks().at(target.commit().orElseThrow(), status.stack());
            var records = new StackRecords(engine.root(), host, status.stack(), clock);
            records.hide(source.secrets());
            return new Rollback(engine, follower, status, source, target, records);
        } catch (IOException | RuntimeException e) {
            follower.close();
            throw e;
        }
    }

    /** What the stack was then: its files, and what its image references stood for. */
    public StackSource source() throws IOException {
        return new EarlierRevision(source, EarlierImages.of(target.images(), engine));
    }

    /** The commit, for people. */
    public String title() {
        return source.revision().orElse("");
    }

    /** The stack is at the revision, whoever breaks off the wait for it to be well. */
    public void applied() throws IOException {
        source.tree().pin(status.stack());
        records.wentBack(source, status);
    }

    /**
     * Writes down that the stack is at that commit, and why it stays there.
     *
     * @param ready what was planned
     * @param results of its plan; none when there was nothing to do
     * @param by who asked
     * @param why what went wrong; empty when nothing did
     */
    public void done(
            Planned.Ready ready, List<StepResult> results, Outcome outcome, String by, String why, Duration took)
            throws IOException {
        records.hide(ready.desired());
        records.ran(
                source,
                "rollback",
                outcome,
                ready.plan(),
                results,
                engine.containers().observe(),
                Optional.of(by),
                List.of(),
                why,
                took);
        if (outcome == Outcome.CONVERGED) {
            records.wentBack(
                    StackRecords.revision(source, ready, engine.containers().records()));
        }
    }

    @Override
    public void close() {
        follower.close();
    }
}
