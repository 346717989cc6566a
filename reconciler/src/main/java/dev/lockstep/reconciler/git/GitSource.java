package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import dev.lockstep.runtime.linux.Flock;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Predicate;
import org.eclipse.jgit.api.errors.JGitInternalException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.NullProgressMonitor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectLoader;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.jspecify.annotations.Nullable;

/**
 * One remote and its bare clone. {@link #tip} asks the remote one cheap question, {@link #fetch} brings what is new,
 * all else reads the clone and works with the network down.
 *
 * <p>Writing takes the clone's own lock, so an agent and any number of commands may use the same clone at once. Any
 * number of threads may use one source; whoever opened it closes it.
 *
 * <p>A damaged clone is made again beside the old one and changes places with it only when it is complete. That is
 * tried once; a remote that cannot be reached is never a reason to give up a clone.
 */
public final class GitSource implements AutoCloseable {
    private final Remote remote;
    private final GitSettings settings;
    private final Clone clone;
    private final Path lockFile;
    private final Deadline deadline;
    private final Object monitor = new Object();
    private @Nullable Repository repository;
    private boolean swept;
    private volatile Optional<Duration> ahead = Optional.empty();
    /** Damage that stayed when the clone was made again: the remote does not have it either. */
    private final Set<String> lost = ConcurrentHashMap.newKeySet();

    GitSource(Remote remote, GitSettings settings, Path directory, Path lockFile) {
        this.remote = remote;
        this.settings = settings;
        this.clone = new Clone(directory);
        this.lockFile = lockFile;
        this.deadline = new Deadline(remote);
        QuietSystemReader.install();
    }

    public Remote remote() {
        return remote;
    }

    GitSettings settings() {
        return settings;
    }

    /**
     * Where the ref points on the remote now: one question ({@code ls-refs} with a prefix), a few kilobytes. For a
     * pinned commit the answer is the commit, and nobody is asked.
     */
    public RemoteTip tip(FollowedRef ref) throws GitException {
        if (ref.isCommit()) {
            return new RemoteTip(ref.text(), ref.text(), Optional.empty());
        }
        try {
            return deadline.hold("answer", settings.question(), () -> {
                try (var conversation = Conversation.open(remote, settings, ref)) {
                    ahead = conversation.ahead();
                    return conversation.tip();
                }
            });
        } catch (GitException e) {
            throw e;
        } catch (IOException | DamageException e) {
            throw local(e);
        }
    }

    /**
     * Asks where the ref points, and in the same question for branches and tags.
     *
     * @param patterns full names of branches and tags, each with one {@code *} at most; without any it is {@link #tip}
     */
    public RemoteRefs ask(FollowedRef ref, List<String> patterns) throws GitException {
        if (patterns.isEmpty()) {
            return new RemoteRefs(tip(ref), List.of());
        }
        try {
            return deadline.hold("answer", settings.question(), () -> {
                try (var conversation = Conversation.open(remote, settings, ref, patterns)) {
                    ahead = conversation.ahead();
                    var tip = ref.isCommit() ? tip(ref) : conversation.tip();
                    return new RemoteRefs(tip, conversation.own());
                }
            });
        } catch (GitException e) {
            throw e;
        } catch (IOException | DamageException e) {
            throw local(e);
        }
    }

    /**
     * Brings branches and tags that are not followed, all in one conversation, and keeps their commits readable.
     *
     * @param refs as the remote advertised them
     * @return what became of each, by its full name
     * @throws GitException when the remote or this host refuses; what was brought before is untouched
     */
    public Map<String, BroughtRef> bring(List<RemoteRef> refs) throws GitException {
        if (refs.isEmpty()) {
            return Map.of();
        }
        try (var _ = lock()) {
            var local = writable(new ArrayList<>());
            return deadline.hold("fetch", settings.deadline(), () -> RefFetch.into(local, remote, settings, refs));
        } catch (GitException e) {
            throw e;
        } catch (DamageException e) {
            throw damaged(e);
        } catch (IOException e) {
            throw local(e);
        }
    }

    /** Keeps what {@link #bring} brought no longer, of those refs that are meant by their full names. */
    public void letGo(Predicate<String> refs) throws GitException {
        if (clone.exists()) {
            change(local -> Revisions.letGo(local, refs));
        }
    }

    /** Whether something that is meant by its path differs between two commits; true where that cannot be told. */
    public boolean differ(String older, String newer, Predicate<String> paths) throws GitException {
        return !clone.exists() || read(reader -> Revisions.differ(reader, older, newer, paths));
    }

    /**
     * How far this host's clock was ahead of the remote's when it answered last, negative: behind; to a second or two.
     * Empty where the way to it tells no time: only HTTP does.
     */
    public Optional<Duration> ahead() {
        return ahead;
    }

    /**
     * Brings the ref's commit, wherever the ref was moved to; see {@link #fetch(FollowedRef, RefRule)}.
     *
     * @throws GitException when the remote or this host refuses; what was fetched before is untouched
     */
    public FetchResult fetch(FollowedRef ref) throws GitException {
        return fetch(ref, RefRule.ALL);
    }

    /**
     * Brings the ref's commit with all its history and checks that it is complete. The old commit stays readable, and
     * stays the ref's where the rule refuses that it was moved.
     *
     * @throws GitException when the remote or this host refuses; what was fetched before is untouched
     */
    public FetchResult fetch(FollowedRef ref, RefRule rule) throws GitException {
        try (var _ = lock()) {
            var notes = new ArrayList<String>();
            FetchResult result;
            try {
                result = bring(writable(notes), ref, rule, Optional.empty(), notes);
            } catch (DamageException e) {
                result = cloneAgain(ref, rule, e, notes);
            }
            if (result.changed()) {
                lost.clear();
            }
            return result;
        } catch (GitException e) {
            throw e;
        } catch (IOException e) {
            throw local(e);
        }
    }

    private FetchResult bring(
            Repository local, FollowedRef ref, RefRule rule, Optional<RefRule.Before> before, List<String> notes)
            throws IOException, DamageException {
        return deadline.hold(
                "fetch", settings.deadline(), () -> Fetch.into(local, remote, settings, ref, rule, before, notes));
    }

    /** Into a clone that takes the place of the damaged one; a ref whose move is refused stays where it was there. */
    private FetchResult bringAgain(Repository fresh, FollowedRef ref, RefRule rule, List<String> notes)
            throws IOException, DamageException {
        var before = Revisions.previous(clone, ref);
        try {
            return bring(fresh, ref, rule, before, notes);
        } catch (GitException e) {
            if (e.kind() != Kind.MOVED) {
                throw e;
            }
            notes.addAll(takeOver(fresh, Revisions.own(clone, ref)));
            return bring(fresh, ref, rule, before, notes);
        }
    }

    private List<String> takeOver(Repository fresh, List<Ref> refs) throws IOException, DamageException {
        return deadline.hold(
                "fetch", settings.deadline(), () -> new TakenOver(clone, fresh, remote, settings).from(refs));
    }

    /** The commit of the last fetch of this ref, from the clone alone. */
    public Optional<Revision> fetched(FollowedRef ref) throws GitException {
        return clone.exists() ? read(reader -> Revisions.fetched(repository(), reader, remote, ref)) : Optional.empty();
    }

    /** A commit by its id, from the clone alone: for history and a way back. Its ref is the id. */
    public Optional<Revision> revision(String commit) throws GitException {
        return fetched(new FollowedRef(commit));
    }

    /**
     * Keeps a commit of this clone readable under a name, whatever becomes of the refs that led to it: a force push, a
     * deleted branch. It takes the place of the commit that had the name.
     *
     * @param name one component of a ref's name: lower-case letters, digits, {@code _} and {@code -}
     */
    public void pin(String name, Revision revision) throws GitException {
        if (!pinned(name).map(Revision::commit).equals(Optional.of(revision.commit()))) {
            change(local -> Revisions.pin(local, name, revision));
        }
    }

    /** Lets go of the commit that has the name, if one has. */
    public void unpin(String name) throws GitException {
        if (pinned(name).isPresent()) {
            change(local -> Revisions.unpin(local, name));
        }
    }

    /** The commit that {@link #pin} keeps under this name, from the clone alone. Its ref is the commit's id. */
    public Optional<Revision> pinned(String name) throws GitException {
        return clone.exists() ? read(reader -> Revisions.pinned(repository(), reader, remote, name)) : Optional.empty();
    }

    /** True when {@code older} is {@code newer} or one of its ancestors; false as well when either is not here. */
    public boolean isAncestor(String older, String newer) throws GitException {
        return clone.exists() && read(reader -> Revisions.isAncestor(reader, older, newer));
    }

    /** What {@link CommitTree#trailers} finds; nothing where there is no clone yet. */
    public List<String> trailers(Revision revision, String key) throws GitException {
        return clone.exists() ? open(revision).trailers(key) : List.of();
    }

    /** Whether the clone has the commit. What was fetched may be gone: somebody can remove a clone. */
    public boolean has(Revision revision) throws GitException {
        return clone.exists()
                && read(reader -> reader.has(ObjectId.fromString(revision.commit()))
                        && reader.has(ObjectId.fromString(revision.tree())));
    }

    /** The files of a commit that this clone holds. */
    public CommitTree open(Revision revision) throws GitException {
        if (!clone.exists() || !read(reader -> reader.has(ObjectId.fromString(revision.tree())))) {
            throw new GitException(
                    Kind.NO_SUCH_REF,
                    "repository " + remote + ": commit " + revision.shortCommit()
                            + " is not in the clone of this host");
        }
        return new CommitTree(objects(), revision);
    }

    private CommitObjects objects() {
        return new CommitObjects() {
            @Override
            public <T> T read(Reading<T> reading) throws GitException {
                return GitSource.this.read(reading);
            }

            @Override
            public void copy(String objectId, OutputStream target) throws IOException {
                GitSource.this.copy(objectId, target);
            }

            @Override
            public GitSettings settings() {
                return settings;
            }

            @Override
            public String name() {
                return remote.name();
            }

            @Override
            public void pin(String name, Revision revision) throws GitException {
                GitSource.this.pin(name, revision);
            }
        };
    }

    /**
     * Puts a document of this host under {@code refs/lockstep/status/HOST} of the remote, in the place of the one
     * before. What another one has put there since stays, unless {@code mine} knows it.
     *
     * @param mine whether a document that stands there and that this clone does not know is this host's own
     * @return false when the same document is there already
     * @throws GitException when the remote does not take it, or somebody else's stands there
     */
    public boolean report(String host, byte[] document, Predicate<byte[]> mine, Instant now) throws GitException {
        try (var _ = lock()) {
            var local = writable(new ArrayList<>());
            if (StatusRefs.published(local, host)
                    .filter(last -> Arrays.equals(last, document))
                    .isPresent()) {
                return false;
            }
            return deadline.hold("take a status", settings.question(), () -> {
                var there = Optional.ofNullable(
                        StatusRefs.fetch(local, remote, settings).get(host));
                if (there.isPresent()
                        && !StatusRefs.read(local, there.get()).filter(mine).isPresent()) {
                    throw new GitException(
                            Kind.REFUSED,
                            "repository " + remote + ": " + StatusRefs.PREFIX + host
                                    + " is of another host that calls itself " + host
                                    + "; give one of them another name, by host: in its agent.yaml");
                }
                if (!StatusRefs.push(local, remote, settings, host, document, there, now)) {
                    throw new GitException(
                            Kind.REFUSED,
                            "repository " + remote + ": the status was changed by somebody else just now");
                }
                return true;
            });
        } catch (GitException e) {
            throw e;
        } catch (IOException | DamageException e) {
            throw local(e);
        }
    }

    /** What hosts have reported to the remote, by the host's name. */
    public Map<String, HostReport> reported() throws GitException {
        try (var _ = lock()) {
            var local = writable(new ArrayList<>());
            return deadline.hold("tell the status of its hosts", settings.question(), () -> {
                var reports = new TreeMap<String, HostReport>();
                for (var host : StatusRefs.fetch(local, remote, settings).entrySet()) {
                    var document = StatusRefs.read(local, host.getValue());
                    if (document.isPresent()) {
                        reports.put(
                                host.getKey(),
                                new HostReport(
                                        new String(document.get(), StandardCharsets.UTF_8),
                                        StatusRefs.time(local, host.getValue())));
                    }
                }
                return reports;
            });
        } catch (GitException e) {
            throw e;
        } catch (IOException | DamageException e) {
            throw local(e);
        }
    }

    /**
     * Packs the clone when it has become many packs (git-gc(1), {@code --auto}), and drops what no followed ref and no
     * pin has reached for two weeks. Minutes for large repositories; holds the clone's lock. A clone that proves
     * damaged by that is made again.
     *
     * @throws GitException when it cannot be packed; it can be read as before
     */
    public void collect() throws GitException {
        if (!clone.exists()) {
            return;
        }
        try {
            change(local -> local.autoGC(NullProgressMonitor.INSTANCE));
        } catch (JGitInternalException e) {
            var cause = Optional.ofNullable(e.getCause()).orElse(e);
            if (Failures.isDamage(e)) {
                var damage = new IOException(cause.getMessage(), cause);
                heal(
                        _ -> {
                            throw damage;
                        },
                        damage);
                return;
            }
            sweepAgain();
            throw new GitException(
                    Kind.LOCAL,
                    "repository " + remote + ": its clone on this host cannot be packed: "
                            + Optional.ofNullable(cause.getMessage()).orElse(cause.toString()),
                    e);
        }
    }

    private void change(Change change) throws GitException {
        try (var _ = lock()) {
            change.make(writable(new ArrayList<>()));
        } catch (GitException e) {
            throw e;
        } catch (IOException | DamageException e) {
            throw local(e);
        }
    }

    /** Reads from the clone. A damaged clone is made again once, if the remote answers. */
    <T> T read(Reading<T> reading) throws GitException {
        try {
            return readOnce(reading);
        } catch (GitException e) {
            throw e;
        } catch (IOException first) {
            try {
                // Another process may have packed the clone, or put a new one in its place.
                reopen();
                return readOnce(reading);
            } catch (GitException e) {
                throw e;
            } catch (IOException second) {
                if (lost.contains(String.valueOf(second.getMessage()))) {
                    throw damaged(second);
                }
                heal(reading, second);
            }
        }
        try {
            return readOnce(reading);
        } catch (GitException e) {
            throw e;
        } catch (IOException e) {
            lost.add(String.valueOf(e.getMessage()));
            throw damaged(e);
        }
    }

    private <T> T readOnce(Reading<T> reading) throws IOException {
        try (var reader = repository().newObjectReader()) {
            return reading.from(reader);
        }
    }

    void copy(String objectId, OutputStream target) throws IOException {
        // Opening inflates small objects and finds the base of large ones: damage mostly shows here, before a byte is
        // out.
        ObjectLoader loader = read(reader -> reader.open(ObjectId.fromString(objectId), Constants.OBJ_BLOB));
        if (!loader.isLarge()) {
            target.write(loader.getCachedBytes());
            return;
        }
        try (var stream = loader.openStream()) {
            stream.transferTo(target);
        }
    }

    /** What is read from the clone. */
    @FunctionalInterface
    interface Reading<T> {
        T from(ObjectReader reader) throws IOException;
    }

    /** What is written into the clone. */
    @FunctionalInterface
    private interface Change {
        void make(Repository local) throws IOException;
    }

    /** @param reading what found the damage */
    private void heal(Reading<?> reading, IOException damage) throws GitException {
        try (var _ = lock()) {
            reopen();
            if (canRead(reading)) {
                return; // somebody else has healed it meanwhile
            }
            clone.restoreFrame();
            reopen();
            if (canRead(reading)) {
                return; // without the network, too
            }
            var gone = damaged(damage);
            for (var ref : Revisions.followed(clone)) {
                try {
                    cloneAgain(ref, RefRule.NONE, new DamageException(damage), new ArrayList<>());
                    return;
                } catch (GitException e) {
                    gone = leftOut(e);
                }
            }
            throw gone;
        } catch (GitException e) {
            throw e;
        } catch (IOException e) {
            throw local(e);
        }
    }

    private boolean canRead(Reading<?> reading) {
        try {
            readOnce(reading);
            return true;
        } catch (GitException e) {
            return true; // what it says of what was read
        } catch (IOException e) {
            return false;
        }
    }

    /** A ref that the remote has no longer, or that is refused, must not keep others from being brought. */
    private static GitException leftOut(GitException e) throws GitException {
        if (e.kind() != Kind.NO_SUCH_REF && e.kind() != Kind.REFUSED && e.kind() != Kind.MOVED) {
            throw e;
        }
        return e;
    }

    /**
     * Fetches all that the damaged clone follows and keeps into a new one beside it, and lets them change places. Under
     * the lock.
     *
     * @param asked must come, or nothing changes
     */
    private FetchResult cloneAgain(FollowedRef asked, RefRule rule, DamageException damage, List<String> notes)
            throws IOException {
        clone.restoreFrame();
        var fresh = clone.fresh();
        FetchResult result;
        try (var repository = fresh.open()) {
            result = bringAgain(repository, asked, rule, notes);
            for (var ref : Revisions.followed(clone)) {
                if (!ref.equals(asked)) {
                    try {
                        var _ = bringAgain(repository, ref, RefRule.NONE, new ArrayList<>());
                    } catch (GitException e) {
                        leftOut(e);
                    }
                }
            }
            notes.addAll(takeOver(repository, Revisions.own(clone)));
        } catch (DamageException e) {
            e.addSuppressed(damage);
            throw damaged(e);
        }
        close();
        clone.replaceBy(fresh);
        var told = new ArrayList<>(result.notes());
        told.add("the clone was damaged and has been made again: " + damage.getMessage());
        return new FetchResult(result.revision(), result.refused(), result.previous(), result.forced(), told);
    }

    /** The clone, made if missing, without what dead processes left. Under the lock. */
    private Repository writable(List<String> notes) throws IOException, DamageException {
        if (!clone.exists()) {
            close(); // of one that was removed, whose objects it may still believe it has
            clone.create();
        }
        synchronized (monitor) {
            if (!swept) {
                notes.addAll(clone.removeLeftovers());
                swept = true;
            }
        }
        try {
            return repository();
        } catch (IOException e) {
            // No HEAD, a configuration that cannot be parsed: the little that a clone needs to be one is broken.
            throw new DamageException(e);
        }
    }

    private Repository repository() throws IOException {
        synchronized (monitor) {
            if (repository == null) {
                repository = clone.open();
            }
            return repository;
        }
    }

    private void reopen() {
        close();
    }

    // flock(2) blocks, and a blocked native call pins the carrier of a virtual thread.
    private Flock lock() throws IOException {
        if (!Thread.currentThread().isVirtual()) {
            return Flock.exclusive(lockFile);
        }
        var waiting = new FutureTask<>(() -> Flock.exclusive(lockFile));
        Thread.ofPlatform().daemon().name("lock " + lockFile.getFileName()).start(waiting);
        try {
            return waiting.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for " + lockFile);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    /** A command that was killed since may have left the lock file that was in the way. */
    private void sweepAgain() {
        synchronized (monitor) {
            swept = false;
        }
    }

    private GitException local(Exception e) {
        sweepAgain();
        return new GitException(
                Kind.LOCAL, "repository " + remote + ": its clone on this host cannot be used: " + e.getMessage(), e);
    }

    private GitException damaged(Exception e) {
        return new GitException(
                Kind.DAMAGED, "repository " + remote + ": its clone on this host is damaged: " + e.getMessage(), e);
    }

    /** Closes the clone; the source may be used again and opens it anew. */
    @Override
    public void close() {
        synchronized (monitor) {
            if (repository != null) {
                repository.close();
                repository = null;
            }
        }
    }
}
