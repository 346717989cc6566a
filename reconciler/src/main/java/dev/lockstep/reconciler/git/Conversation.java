package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jgit.errors.NotSupportedException;
import org.eclipse.jgit.errors.TransportException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectIdRef;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.transport.FetchConnection;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.Transport;
import org.eclipse.jgit.transport.TransportHttp;
import org.eclipse.jgit.transport.URIish;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a remote: what it advertises, and optionally its objects. The ref that is read and the objects that
 * are fetched come from the same advertisement, so that nothing moves in between.
 */
final class Conversation implements AutoCloseable {
    private static final int NAMES_SHOWN = 8;

    private final Remote remote;
    private final GitSettings settings;
    private final FollowedRef ref;
    private final Transport transport;
    private final FetchConnection connection;
    private final Failures failures;

    private Conversation(
            Remote remote,
            GitSettings settings,
            FollowedRef ref,
            Transport transport,
            FetchConnection connection,
            Failures failures) {
        this.remote = remote;
        this.settings = settings;
        this.ref = ref;
        this.transport = transport;
        this.connection = connection;
        this.failures = failures;
    }

    /** Asks where {@code ref} points, without a clone. */
    static Conversation open(Remote remote, GitSettings settings, FollowedRef ref) throws GitException {
        return open(remote, settings, ref, null, List.of());
    }

    /** Asks where {@code ref} points, to fetch into {@code local} afterwards. */
    static Conversation open(Remote remote, GitSettings settings, FollowedRef ref, Repository local)
            throws GitException {
        return open(remote, settings, ref, local, List.of());
    }

    /** Asks for refs by patterns, none of which is followed. */
    static Conversation open(Remote remote, GitSettings settings, Repository local, List<String> patterns)
            throws GitException {
        return open(remote, settings, new FollowedRef(Constants.HEAD), local, patterns);
    }

    /** Asks where {@code ref} points and for others by patterns, in one question. */
    static Conversation open(Remote remote, GitSettings settings, FollowedRef ref, List<String> patterns)
            throws GitException {
        var sources = new ArrayList<>(ref.isCommit() ? List.of(Constants.HEAD) : ref.candidates());
        sources.addAll(patterns);
        return open(remote, settings, ref, null, sources);
    }

    /** Asks for all branches and tags: for a commit that no ref names, and for telling what is there instead. */
    Conversation again(@Nullable Repository local) throws GitException {
        return open(
                remote, settings, ref, local, List.of(Constants.R_HEADS + "*", Constants.R_TAGS + "*", Constants.HEAD));
    }

    private static Conversation open(
            Remote remote, GitSettings settings, FollowedRef ref, @Nullable Repository local, List<String> sources)
            throws GitException {
        QuietSystemReader.install();
        var failures = new Failures(remote);
        Transport transport = null;
        FetchConnection connection = null;
        try {
            transport = transport(remote, settings, local, failures);
            connection = connect(transport, ref, sources);
            return new Conversation(remote, settings, ref, transport, connection, failures);
        } catch (URISyntaxException | NotSupportedException | TransportException | RuntimeException e) {
            throw failures.explain(e);
        } finally {
            if (connection == null && transport != null) {
                transport.close();
            }
        }
    }

    /** The way to a remote, with what it may be told and asked; whoever opens it closes it. */
    static Transport transport(Remote remote, GitSettings settings, @Nullable Repository local, Failures failures)
            throws URISyntaxException, NotSupportedException, TransportException, GitException {
        QuietSystemReader.install();
        // Before there is anything to close.
        var trust = OwnFiles.check(remote, settings);
        var uri = new URIish(remote.url());
        var transport = local == null ? Transport.open(uri) : Transport.open(local, uri);
        var login = new LoginProvider(remote, settings.credentials());
        failures.login(login);
        transport.setCredentialsProvider(login);
        transport.setTimeout((int) settings.silence().toSeconds());
        // Our refs are set from the advertisement; tags nobody asked for stay away.
        transport.setFetchThin(true);
        if (settings.shallow() && local != null) {
            transport.setDepth(1);
        }
        if (transport instanceof TransportHttp http) {
            var answers = new HttpAnswers(InstantSource.system());
            failures.http(answers);
            http.setHttpConnectionFactory(new SameHostConnections(answers, remote, login, settings, trust));
        }
        if (remote.transport() == Remote.Transport.SSH) {
            failures.ssh(SshConnections.configure(transport, settings));
        }
        return transport;
    }

    private static FetchConnection connect(Transport transport, FollowedRef ref, List<String> sources)
            throws NotSupportedException, TransportException {
        if (!sources.isEmpty()) {
            return transport.openFetch(specs(sources));
        }
        return ref.isCommit()
                ? transport.openFetch(specs(List.of(Constants.HEAD)))
                : transport.openFetch(specs(ref.candidates()));
    }

    private static Collection<RefSpec> specs(List<String> sources) {
        var specs = new ArrayList<RefSpec>();
        for (var source : sources) {
            // Both sides, because a pattern must stand on both; the local side is not used.
            specs.add(new RefSpec("+" + source + ":" + source));
        }
        return specs;
    }

    /** How far this host's clock is ahead of the server's; empty where the way there tells no time. */
    Optional<Duration> ahead() {
        return failures.ahead();
    }

    /** The ref's place in this advertisement. */
    RemoteTip tip() throws GitException {
        var found = advertised();
        var peeled = Optional.ofNullable(found.getPeeledObjectId()).map(ObjectId::name);
        var id = id(found).name();
        var name = found.isSymbolic() ? found.getTarget().getName() : found.getName();
        return new RemoteTip(name, peeled.orElse(id), peeled.map(p -> id));
    }

    /** The advertised ref itself, by the followed ref's order of candidates. */
    Ref advertised() throws GitException {
        for (var candidate : ref.candidates()) {
            var found = connection.getRef(candidate);
            if (found != null && found.getObjectId() != null) {
                return found;
            }
        }
        throw noSuchRef();
    }

    /** The object of an advertised ref; {@link #advertised} and the advertisement itself have no refs without one. */
    static ObjectId id(Ref ref) {
        return Objects.requireNonNull(ref.getObjectId(), ref.getName());
    }

    /** A sentence when a tag has the followed branch's short name. */
    Optional<String> ambiguity() {
        var there = ref.candidates().stream()
                .filter(c -> connection.getRef(c) != null)
                .toList();
        return there.size() < 2
                ? Optional.empty()
                : Optional.of("\"" + ref + "\" is a branch and a tag; the branch is followed. Write " + there.get(1)
                        + " for the tag");
    }

    /** Brings the objects of these refs into the local repository. */
    void fetch(Collection<Ref> wanted, Repository local) throws GitException, DamageException {
        var limit = new PackLimit(settings, local.getDirectory().toPath().resolve(Constants.OBJECTS));
        try {
            connection.fetch(limit, wanted, Set.of());
        } catch (TransportException | RuntimeException e) {
            limit.throwIfCancelled(remote, e);
            if (Failures.isDamage(e)) {
                throw new DamageException(e);
            }
            throw failures.explain(e);
        } finally {
            connection.getPackLocks().forEach(packLock -> {
                try {
                    packLock.unlock();
                } catch (java.io.IOException e) {
                    // A .keep file only keeps the pack out of a later gc.
                }
            });
        }
    }

    /** A ref to ask for that the remote did not advertise: the commit itself. */
    static Ref wish(String commit) {
        return new ObjectIdRef.Unpeeled(Ref.Storage.NETWORK, commit, ObjectId.fromString(commit));
    }

    /** The refs of this advertisement below a prefix. */
    List<Ref> refs(String prefix) {
        return connection.getRefs().stream()
                .filter(r -> r.getName().startsWith(prefix) && r.getObjectId() != null)
                .toList();
    }

    /** The same, by name, with what tags lead to. */
    List<RemoteRef> own() {
        return branchesAndTags().stream()
                .filter(ref -> ref.getObjectId() != null)
                .map(ref -> new RemoteRef(
                        ref.getName(),
                        id(ref).name(),
                        Optional.ofNullable(ref.getPeeledObjectId())
                                .orElse(id(ref))
                                .name()))
                .sorted(Comparator.comparing(RemoteRef::name))
                .toList();
    }

    /** All branches and tags of this advertisement. */
    Collection<Ref> branchesAndTags() {
        return connection.getRefs().stream()
                .filter(r ->
                        r.getName().startsWith(Constants.R_HEADS) || r.getName().startsWith(Constants.R_TAGS))
                .toList();
    }

    private GitException noSuchRef() throws GitException {
        try (var all = again(null)) {
            var names = all.branchesAndTags().stream()
                    .map(Ref::getName)
                    .map(Repository::shortenRefName)
                    .sorted()
                    .toList();
            if (names.isEmpty() && all.connection.getRefs().isEmpty()) {
                return new GitException(
                        Kind.EMPTY_REPOSITORY, "repository " + remote + " is empty: push a first commit");
            }
            var shown = String.join(", ", names.subList(0, Math.min(NAMES_SHOWN, names.size())));
            var more = names.size() > NAMES_SHOWN ? " and " + (names.size() - NAMES_SHOWN) + " more" : "";
            return new GitException(
                    Kind.NO_SUCH_REF, "repository " + remote + " has no ref \"" + ref + "\"; it has: " + shown + more);
        }
    }

    @Override
    public void close() {
        connection.close();
        transport.close();
    }
}
