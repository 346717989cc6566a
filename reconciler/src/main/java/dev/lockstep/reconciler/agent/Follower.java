package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.git.BroughtRef;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.FollowedRef;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.RefRule;
import dev.lockstep.reconciler.git.RefWatch;
import dev.lockstep.reconciler.git.RefusedMove;
import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.reconciler.git.RemoteRef;
import dev.lockstep.reconciler.git.RemoteTip;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.history.StatusFiles;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Follows one repository: asks its remote where the ref points, and brings what is new. Not for two threads at once.
 */
final class Follower implements AutoCloseable {
    private final FollowedRepository repository;
    private final GitSource source;
    private final FollowedRef ref;
    private final FollowingHost host;
    private final CommitTargets targets;
    private final Consumer<String> out;
    /** Builds ask in threads of their own. */
    private volatile Optional<Revision> last = Optional.empty();
    /** A move of the ref that is not followed. */
    private volatile Optional<RefusedMove> refused = Optional.empty();
    /** The beginning of a commit that somebody has agreed to. */
    private volatile Optional<String> accepted = Optional.empty();

    private boolean brought;
    /** What is asked for beside the followed ref, and what the answer was. */
    private List<String> asked = List.of();

    private List<RemoteRef> refs = List.of();

    /**
     * Follows it.
     *
     * @param others whose stacks are not built and tested here
     */
    Follower(
            FollowedRepository repository,
            GitRepositories repositories,
            FollowingHost host,
            CommitTargets.Others others,
            Consumer<String> out)
            throws GitException {
        this.repository = repository;
        this.source = repositories.open(Remote.parse(repository.settings().url()));
        this.ref = new FollowedRef(repository.ref());
        this.host = host;
        this.targets = new CommitTargets(repository, source, host, others, this::followed, out);
        this.out = out;
    }

    /** What is followed. */
    FollowedRepository repository() {
        return repository;
    }

    /** The stacks of commits that the clone has. */
    CommitStacks stacks() {
        return targets.stacks();
    }

    /** What commits that the clone has build. */
    CommitTargets targets() {
        return targets;
    }

    /** Tells when a look is worth while before its time; empty where nothing can. */
    Optional<RefWatch> watch(Runnable moved) {
        return RefWatch.start(source.remote(), ref, moved);
    }

    /** Where the ref points on the remote, while it is refused to follow it there. Any thread may ask. */
    Optional<RefusedMove> refused() {
        return refused;
    }

    /**
     * Somebody agrees that the ref is followed to a commit that is refused; the next {@link #look} does. Any thread may
     * say so.
     *
     * @param commit its id, or the beginning
     * @return false when it is not that one that is refused
     */
    boolean accept(String commit) {
        if (refused.filter(move -> move.to().commit().startsWith(commit)).isEmpty()) {
            return false;
        }
        accepted = Optional.of(commit);
        return true;
    }

    /**
     * The same before anybody has looked: should the next {@link #look} find the ref at such a commit, it is followed.
     */
    void agree(String commit) {
        accepted = Optional.of(commit);
    }

    /** The commit seen last. */
    Optional<Revision> last() {
        return last;
    }

    /**
     * Asks the remote once.
     *
     * @return the newest revision; the same as before when nothing is new, or what is new is {@link #refused}
     */
    Revision look() throws GitException {
        var answer = source.ask(ref, asked);
        refs = answer.refs();
        var tip = answer.tip();
        var agreed = accepted;
        if (last.filter(revision -> isAt(revision, tip)).isPresent() && source.has(last.get())) {
            refused = Optional.empty(); // it is back
        } else if (agreed.isPresent()
                || last.isEmpty()
                || refused.filter(move -> isAt(move.to(), tip)).isEmpty()
                || !source.has(last.get())) {
            var fetched = source.fetch(ref, new RefRule(repository.settings().forcePush(), agreed));
            fetched.notes().forEach(out);
            if (fetched.forced()) {
                out.accept("repository " + repository.url() + ": " + repository.ref()
                        + " was moved to a commit that does not follow "
                        + fetched.previous().map(c -> c.substring(0, 7)).orElse("") + " (forced)");
            }
            if (agreed.filter(fetched.revision().commit()::startsWith).isPresent()) {
                out.accept("repository " + repository.url() + ": " + repository.ref() + " is followed to "
                        + fetched.revision().shortCommit() + ", as somebody has agreed to");
            }
            refused = fetched.refused();
            last = Optional.of(fetched.revision());
            stacks().forgetNames();
            brought = true;
        }
        accepted = Optional.empty();
        return last.get();
    }

    private static boolean isAt(Revision revision, RemoteTip tip) {
        return revision.commit().equals(tip.commit()) && revision.ref().equals(tip.ref());
    }

    /** As far as this host follows them: what it refuses is as it was. */
    private List<RemoteRef> followed(List<RemoteRef> found) {
        var move = refused;
        var kept = last;
        if (move.isEmpty() || kept.isEmpty()) {
            return found;
        }
        return found.stream()
                .map(one -> !one.name().equals(move.get().to().ref())
                        ? one
                        : new RemoteRef(
                                one.name(),
                                kept.get().tag().orElse(kept.get().commit()),
                                kept.get().commit()))
                .toList();
    }

    /**
     * Branches and tags of the remote, as the last {@link #look} found them; what it did not ask for is asked for now,
     * and from then on with it.
     *
     * @param patterns full names, each with one {@code *} at most
     */
    List<RemoteRef> refs(List<String> patterns) throws GitException {
        if (!patterns.equals(asked)) {
            asked = List.copyOf(patterns);
            refs = source.ask(ref, asked).refs();
        }
        return followed(refs);
    }

    /** The same as the remote has them now. Any thread may ask. */
    List<RemoteRef> ask(List<String> patterns) throws GitException {
        return followed(source.ask(ref, patterns).refs());
    }

    /** Full name of the followed ref, as it was found; empty before that. Any thread may ask. */
    Optional<String> followed() {
        return last.map(Revision::ref);
    }

    /** Brings commits of branches and tags that are built; see {@link GitSource#bring}. Any thread may ask. */
    Map<String, BroughtRef> bring(List<RemoteRef> wanted) throws GitException {
        return source.bring(wanted);
    }

    /**
     * Brings the commit of a build that is wanted again, if its branch or tag still leads to it. Any thread may ask.
     *
     * @throws IOException with a sentence, when it cannot be had or is not taken
     */
    void bring(Occasion occasion) throws IOException {
        if (!RemoteRef.isOwn(occasion.ref())) {
            return; // a commit that is followed as such
        }
        var there = ask(List.of(occasion.ref())).stream()
                .filter(ref -> ref.name().equals(occasion.ref()) && ref.commit().equals(occasion.commit()))
                .toList();
        for (var brought : bring(there).values()) {
            if (brought instanceof BroughtRef.Refused(var problem)) {
                throw new IOException(problem);
            }
        }
    }

    /** Refs that are forgotten need not be kept. */
    void letGo(Set<String> refs) throws GitException {
        source.letGo(refs::contains);
    }

    /** Whether something that is meant differs between two commits; see {@link GitSource#differ}. */
    boolean differ(String older, String newer, Predicate<String> paths) throws GitException {
        return source.differ(older, newer, paths);
    }

    /** The files of a commit of the clone. Any thread may ask. */
    CommitTree open(Revision revision) throws GitException {
        return source.open(revision);
    }

    /** Whether others may ask the same remote at the same time: it is not a directory of this host. */
    boolean isFar() {
        return source.remote().transport() != Remote.Transport.LOCAL;
    }

    /** How far this host's clock is ahead of the remote's, if that tells the time. */
    Optional<Duration> ahead() {
        return source.ahead();
    }

    /** Keeps the clone small; to be called when nobody waits for a revision. */
    void tidy() throws GitException {
        if (brought) {
            source.collect();
            brought = false;
        }
    }

    /** The revision that is in the clone, without asking anybody: to work while the remote is down. */
    Optional<Revision> known() throws GitException {
        if (last.isEmpty()) {
            last = source.fetched(ref);
        }
        return last;
    }

    /** Values of the trailer in the messages of that commit and of those that it merges. */
    List<String> trailers(Revision revision, String key) throws GitException {
        return source.trailers(revision, key);
    }

    /** Reports to the remote what is written down of its stacks, where the host's owner wants that. */
    void report(InstantSource clock) throws IOException {
        if (repository.settings().report()) {
            var report = new StatusReport(host.name(), host.root().id(), repository.url());
            source.report(
                    host.name(), report.document(new StatusFiles(host.root()).all()), report::isOwn, clock.instant());
        }
    }

    /** The stack is followed no longer: its commit need not be kept. */
    void forget(String stack) throws GitException {
        source.unpin(stack);
    }

    @Override
    public void close() {
        source.close();
    }
}
