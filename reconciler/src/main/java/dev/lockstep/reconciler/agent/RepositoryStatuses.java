package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.git.RefusedMove;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the followed repositories are: written down where {@code status} reads it, and said when it is news. */
final class RepositoryStatuses {
    private static final Logger LOG = LoggerFactory.getLogger(RepositoryStatuses.class);

    private final Root root;
    private final String host;
    private final InstantSource clock;
    private final Consumer<String> out;
    private final Instant startedAt;
    private final List<FollowedRepository> followed;
    private final Map<String, AgentStatus.Repository> repositories = new LinkedHashMap<>();
    private List<String> problems = List.of();
    private boolean unwritten;
    /** Which statuses cannot be used, as it was said last. */
    private Set<String> told = Set.of();

    /** @param followed all that the agent follows */
    RepositoryStatuses(
            Root root, String host, List<FollowedRepository> followed, InstantSource clock, Consumer<String> out) {
        this.followed = List.copyOf(followed);
        this.root = root;
        this.host = host;
        this.clock = clock;
        this.out = out;
        this.startedAt = clock.instant();
    }

    /**
     * The repository answers, and its commit has been handed on; the one before it, where the move of its ref is
     * refused.
     *
     * @param refused stacks that were not, with why
     */
    synchronized void good(Follower follower, List<String> refused) throws IOException {
        var failedBefore = Optional.ofNullable(
                        repositories.get(follower.repository().key()))
                .flatMap(AgentStatus.Repository::error)
                .isPresent();
        var move = follower.refused();
        var problems = Stream.concat(move.map(RefusedMove::sentence).stream(), refused.stream())
                .toList();
        var error = problems.isEmpty() ? Optional.<String>empty() : Optional.of(String.join("; ", problems));
        if (keep(follower, error, Optional.empty()) && (failedBefore || error.isPresent())) {
            move.map(RefusedMove::sentence).ifPresent(out);
            if (move.isEmpty() || !refused.isEmpty()) {
                out.accept("repository " + follower.repository().url()
                        + (refused.isEmpty() ? " is followed again" : ": " + String.join("; ", refused)));
            }
        }
        write();
        // Each time: a stack's worker may have written an error back that it had read before.
        for (var status : of(follower)) {
            var records = new StackRecords(root, host, status.stack(), clock);
            if (records.fetchError(move.map(RefusedMove::sentence)) && move.isPresent()) {
                records.refused(move.get());
            }
        }
    }

    /**
     * The repository cannot be followed now; what runs goes on running.
     *
     * @param next when it is asked again
     */
    synchronized void failed(Follower follower, Exception e, Optional<Instant> next) throws IOException {
        LOG.debug("repository failed url={}", follower.repository().url(), e);
        var message = Optional.ofNullable(e.getMessage()).orElse(e.toString());
        if (keep(follower, Optional.of(message), next)) {
            out.accept(message); // first of all: that it cannot be written down may be what is wrong
        }
        write();
        fetchError(follower, Optional.of(message));
    }

    /** True when it is news. */
    private boolean keep(Follower follower, Optional<String> error, Optional<Instant> next) {
        var commit = follower.last().map(Revision::commit);
        var last = Optional.ofNullable(repositories.get(follower.repository().key()));
        var refused = follower.refused().map(move -> move.to().commit());
        var same = last.filter(l -> l.error().equals(error)
                && l.commit().equals(commit)
                && l.refused().equals(refused));
        if (same.isPresent() && same.get().nextTry().equals(next)) {
            return false;
        }
        repositories.put(
                follower.repository().key(),
                new AgentStatus.Repository(
                        follower.repository().url(),
                        follower.repository().ref(),
                        commit,
                        refused,
                        error,
                        same.map(AgentStatus.Repository::since).orElse(clock.instant()),
                        next));
        unwritten = true;
        return same.isEmpty();
    }

    /** What could not be written is written with what comes next. */
    private void write() throws IOException {
        if (unwritten) {
            new AgentStatus(host, startedAt, List.copyOf(repositories.values()), problems).write(root);
            unwritten = false;
        }
    }

    /**
     * Moves statuses aside that are damaged, and says so of all that cannot be used: one file must not keep a host from
     * following what it follows.
     */
    synchronized void mend() throws IOException {
        var files = new StatusFiles(root);
        var found = new HashSet<String>();
        for (var unusable : files.unusable()) {
            var why = unusable.sentence();
            if (files.setAside(unusable)) {
                out.accept(why + "; it was set aside");
                continue;
            }
            found.add(why);
            if (!told.contains(why)) {
                out.accept(why);
            }
        }
        told = Set.copyOf(found);
    }

    /** What the agent finds wrong with itself; written only when that changes. */
    synchronized void agent(List<String> found) throws IOException {
        if (!problems.equals(found)) {
            problems = List.copyOf(found);
            unwritten = true;
        }
        write();
    }

    private void fetchError(Follower follower, Optional<String> error) throws IOException {
        for (var status : of(follower)) {
            var _ = new StackRecords(root, host, status.stack(), clock).fetchError(error);
        }
    }

    /**
     * The stacks that came from there at any time, as they were written down. One repository may be followed more than
     * once, by other refs or directories: each has its own, and who follows none of that any more has what is left.
     */
    List<StackStatus> of(Follower follower) throws IOException {
        return new StatusFiles(root)
                .all().stream()
                        .filter(s -> follower.repository().isAt(s.repository()))
                        .filter(s -> FollowedRepository.of(s, followed)
                                .map(follower.repository()::equals)
                                .orElse(true))
                        .toList();
    }
}
