package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.eclipse.jgit.errors.NotSupportedException;
import org.eclipse.jgit.errors.TransportException;
import org.eclipse.jgit.lib.CommitBuilder;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.NullProgressMonitor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.PersonIdent;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.lib.TreeFormatter;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.transport.RemoteRefUpdate;
import org.eclipse.jgit.treewalk.TreeWalk;

/**
 * A document of each host under {@code refs/lockstep/status/HOST} of the remote: one commit without a parent, with one
 * file. It takes the place of the one before, and only of that one: what somebody else has put there is not lost.
 */
final class StatusRefs {
    /** Above the name of the host. */
    static final String PREFIX = "refs/lockstep/status/";

    private static final String FILE = "status.json";
    /** What a host reports is small; more was made to hurt. */
    private static final int LARGEST = 1 << 20;

    private StatusRefs() {}

    /** The document that this clone put there last. */
    static Optional<byte[]> published(Repository local, String host) throws IOException {
        var ref = local.exactRef(PREFIX + host);
        return ref == null ? Optional.empty() : read(local, Conversation.id(ref));
    }

    /**
     * Puts the document there.
     *
     * @param expected what stands there now, as far as anybody knows; the push is refused when something else does
     * @return false when something else stands there
     */
    static boolean push(
            Repository local,
            Remote remote,
            GitSettings settings,
            String host,
            byte[] document,
            Optional<ObjectId> expected,
            Instant now)
            throws IOException {
        var name = PREFIX + host;
        var commit = commit(local, host, document, now);
        var failures = new Failures(remote);
        try (var transport = Conversation.transport(remote, settings, local, failures)) {
            var update =
                    new RemoteRefUpdate(local, commit.name(), name, true, null, expected.orElse(ObjectId.zeroId()));
            var result = transport
                    .push(NullProgressMonitor.INSTANCE, List.of(update))
                    .getRemoteUpdate(name);
            return switch (result.getStatus()) {
                case OK, UP_TO_DATE -> {
                    force(local, name, commit);
                    yield true;
                }
                case REJECTED_REMOTE_CHANGED -> false;
                default ->
                    throw new GitException(
                            Kind.REFUSED,
                            "repository " + remote + " does not take " + name + ": " + result.getStatus()
                                    + (result.getMessage() == null ? "" : " (" + result.getMessage() + ")"));
            };
        } catch (java.net.URISyntaxException | NotSupportedException | TransportException | RuntimeException e) {
            throw failures.explain(e);
        }
    }

    /** What stands there, of all hosts: the commits by the host's name. Their objects are fetched. */
    static Map<String, ObjectId> fetch(Repository local, Remote remote, GitSettings settings)
            throws IOException, DamageException {
        var found = new TreeMap<String, ObjectId>();
        try (var conversation = Conversation.open(remote, settings, local, List.of(PREFIX + "*"))) {
            var wanted = new ArrayList<Ref>();
            for (var ref : conversation.refs(PREFIX)) {
                found.put(ref.getName().substring(PREFIX.length()), Conversation.id(ref));
                if (!local.getObjectDatabase().has(Conversation.id(ref))) {
                    wanted.add(ref);
                }
            }
            if (!wanted.isEmpty()) {
                conversation.fetch(wanted, local);
            }
        }
        return found;
    }

    /** The document of such a commit; empty when it is none. */
    static Optional<byte[]> read(Repository local, ObjectId id) throws IOException {
        try (var walk = new RevWalk(local);
                var file = TreeWalk.forPath(local, FILE, walk.parseCommit(id).getTree())) {
            if (file == null || !FileMode.REGULAR_FILE.equals(file.getFileMode(0))) {
                return Optional.empty();
            }
            var blob = local.open(file.getObjectId(0), Constants.OBJ_BLOB);
            return blob.getSize() > LARGEST ? Optional.empty() : Optional.of(blob.getBytes(LARGEST));
        }
    }

    /** When such a commit was made, by the clock of who made it. */
    static Instant time(Repository local, ObjectId id) throws IOException {
        try (var walk = new RevWalk(local)) {
            return walk.parseCommit(id).getCommitterIdent().getWhenAsInstant();
        }
    }

    private static ObjectId commit(Repository local, String host, byte[] document, Instant now) throws IOException {
        try (var inserter = local.newObjectInserter()) {
            var tree = new TreeFormatter();
            tree.append(FILE, FileMode.REGULAR_FILE, inserter.insert(Constants.OBJ_BLOB, document));
            var commit = new CommitBuilder();
            var who = new PersonIdent("Lockstep on " + host, "lockstep@" + host, now, ZoneOffset.UTC);
            commit.setTreeId(inserter.insert(tree));
            commit.setAuthor(who);
            commit.setCommitter(who);
            commit.setEncoding(StandardCharsets.UTF_8);
            commit.setMessage("Status of host " + host + "\n");
            var id = inserter.insert(commit);
            inserter.flush();
            return id;
        }
    }

    private static void force(Repository local, String name, ObjectId id) throws IOException {
        var update = local.updateRef(name, true);
        update.setNewObjectId(id);
        update.setForceUpdate(true);
        update.disableRefLog();
        update.update();
    }
}
