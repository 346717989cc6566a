package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.lib.NullProgressMonitor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.RefUpdate;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevTag;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.transport.ReceiveCommand;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.eclipse.jgit.treewalk.filter.TreeFilter;

/**
 * Commits and refs of a clone. The clone has refs of its own, one per followed ref, whose name is the followed text and
 * the remote's name in one path component each: {@code a} and {@code a/b} may then follow each other.
 */
final class Revisions {
    private static final String FOLLOWED = "refs/lockstep/followed/";
    /** Commits of one merge whose messages are read. */
    private static final int MERGED = 1000;

    private static final String PINNED = "refs/lockstep/pinned/";

    /** Of branches and tags that are not followed: what was built last of them, or is to be. */
    private static final String KEPT = "refs/lockstep/kept/";

    private Revisions() {}

    /** What the clone last had for a followed ref; a commit counts as fetched when it is there. */
    static Optional<Revision> fetched(Repository local, ObjectReader reader, Remote remote, FollowedRef ref)
            throws IOException {
        if (ref.isCommit()) {
            var id = ObjectId.fromString(ref.text());
            return reader.has(id) ? Optional.of(read(reader, remote, ref.text(), id)) : Optional.empty();
        }
        for (var found : local.getRefDatabase().getRefsByPrefix(directory(ref))) {
            var name = decode(found.getName().substring(directory(ref).length()));
            return Optional.of(read(reader, remote, name, Conversation.id(found)));
        }
        return Optional.empty();
    }

    /** Reads the commit that an object is or, as a tag, points to. */
    static Revision read(ObjectReader reader, Remote remote, String ref, ObjectId id) throws IOException {
        return read(reader, remote.url(), ref, id);
    }

    /** The same of a repository that is called so. */
    static Revision read(ObjectReader reader, String repository, String ref, ObjectId id) throws IOException {
        try (var walk = new RevWalk(reader)) {
            var object = walk.parseAny(id);
            Optional<String> tag = object instanceof RevTag ? Optional.of(object.name()) : Optional.empty();
            if (!(walk.peel(object) instanceof RevCommit commit)) {
                throw new GitException(
                        Kind.REFUSED,
                        "repository " + repository + ": " + ref + " names files and no commit; follow a commit");
            }
            walk.parseBody(commit);
            var author = Optional.ofNullable(commit.getAuthorIdent());
            return new Revision(
                    repository,
                    ref,
                    commit.name(),
                    commit.getTree().name(),
                    tag,
                    author.map(a -> a.getName()).orElse(""),
                    author.map(a -> a.getWhenAsInstant())
                            .orElse(java.time.Instant.ofEpochSecond(commit.getCommitTime())),
                    commit.getShortMessage());
        }
    }

    /** Moves the clone's own ref. A followed name that was a tag and is a branch now has one entry, not two. */
    static void set(Repository local, FollowedRef ref, String remoteName, ObjectId id) throws IOException {
        var name = directory(ref) + encode(remoteName);
        for (var old : local.getRefDatabase().getRefsByPrefix(directory(ref))) {
            if (!old.getName().equals(name)) {
                delete(local, old);
            }
        }
        force(local, name, id);
    }

    /** When the commit was made, by the clock of who made it. */
    static Instant committed(ObjectReader reader, Revision revision) throws IOException {
        try (var walk = new RevWalk(reader)) {
            return Instant.ofEpochSecond(
                    walk.parseCommit(ObjectId.fromString(revision.commit())).getCommitTime());
        }
    }

    static boolean isAncestor(ObjectReader reader, String older, String newer) throws IOException {
        if (older.equals(newer)) {
            return true;
        }
        try (var walk = new RevWalk(reader)) {
            return walk.isMergedInto(
                    walk.parseCommit(ObjectId.fromString(older)), walk.parseCommit(ObjectId.fromString(newer)));
        } catch (MissingObjectException e) {
            return false;
        }
    }

    static List<String> trailers(ObjectReader reader, Revision revision, String key) throws IOException {
        try (var walk = new RevWalk(reader)) {
            var tip = walk.parseCommit(ObjectId.fromString(revision.commit()));
            var values = new ArrayList<>(tip.getFooterLines(key));
            if (tip.getParentCount() > 1) {
                for (var parent : List.of(tip.getParents()).subList(1, tip.getParentCount())) {
                    walk.markStart(walk.parseCommit(parent));
                }
                walk.markUninteresting(walk.parseCommit(tip.getParent(0)));
                var merged = 0;
                for (var commit = walk.next(); commit != null && merged < MERGED; commit = walk.next()) {
                    values.addAll(commit.getFooterLines(key));
                    merged++;
                }
            }
            return List.copyOf(values);
        }
    }

    /** The refs that a clone follows, as far as a damaged one can still say. */
    static List<FollowedRef> followed(Clone clone) {
        var refs = new ArrayList<FollowedRef>();
        try (var local = clone.open()) {
            for (var ref : local.getRefDatabase().getRefsByPrefix(FOLLOWED)) {
                var rest = ref.getName().substring(FOLLOWED.length());
                refs.add(new FollowedRef(decode(rest.substring(0, rest.indexOf('/')))));
            }
        } catch (IOException | RuntimeException e) {
            // What cannot be read is found again by the next fetch.
        }
        return refs;
    }

    /** What a damaged clone had for a ref, as far as it can still say; of an annotated tag it may be the tag's id. */
    static Optional<RefRule.Before> previous(Clone clone, FollowedRef ref) {
        try (var local = clone.open();
                var walk = new RevWalk(local)) {
            for (var found : local.getRefDatabase().getRefsByPrefix(directory(ref))) {
                var id = Conversation.id(found);
                try {
                    id = walk.peel(walk.parseAny(id)).getId();
                } catch (IOException e) {
                    // The tag itself is lost: whatever the ref leads to now, nobody can tell that it has not moved.
                }
                return Optional.of(new RefRule.Before(
                        decode(found.getName().substring(directory(ref).length())), id.name()));
            }
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    /** Keeps a commit under a caller's name, whatever becomes of the refs that led to it. */
    static void pin(Repository local, String name, Revision revision) throws IOException {
        force(local, PINNED + name, ObjectId.fromString(revision.commit()));
    }

    /**
     * Keeps commits of branches and tags that are not followed, in the place of those that they had before. All in one
     * file at once: a push may bring hundreds.
     *
     * @param commits by the remote's full name
     */
    static void keep(Repository local, Map<String, ObjectId> commits) throws IOException {
        var batch = local.getRefDatabase().newBatchUpdate();
        batch.setAtomic(true);
        batch.setAllowNonFastForwards(true);
        batch.disableRefLog();
        for (var commit : commits.entrySet()) {
            var name = KEPT + encode(commit.getKey());
            var before = local.exactRef(name);
            var old = before == null ? ObjectId.zeroId() : Conversation.id(before);
            if (!old.equals(commit.getValue())) {
                batch.addCommand(new ReceiveCommand(old, commit.getValue(), name));
            }
        }
        if (batch.getCommands().isEmpty()) {
            return;
        }
        try (var walk = new RevWalk(local)) {
            batch.execute(walk, NullProgressMonitor.INSTANCE);
        }
        for (var command : batch.getCommands()) {
            if (command.getResult() != ReceiveCommand.Result.OK) {
                throw new IOException("ref " + command.getRefName() + " could not be moved: " + command.getResult()
                        + (command.getMessage() == null ? "" : " " + command.getMessage()));
            }
        }
    }

    /** Lets go of those that are meant. */
    static void letGo(Repository local, Predicate<String> remoteNames) throws IOException {
        for (var ref : local.getRefDatabase().getRefsByPrefix(KEPT)) {
            if (remoteNames.test(decode(ref.getName().substring(KEPT.length())))) {
                delete(local, ref);
            }
        }
    }

    /** Whether a file at or below one of the paths that are meant differs between two commits. */
    static boolean differ(ObjectReader reader, String older, String newer, Predicate<String> paths) throws IOException {
        try (var commits = new RevWalk(reader);
                var walk = new TreeWalk(reader)) {
            walk.addTree(commits.parseCommit(ObjectId.fromString(older)).getTree());
            walk.addTree(commits.parseCommit(ObjectId.fromString(newer)).getTree());
            walk.setFilter(TreeFilter.ANY_DIFF);
            while (walk.next()) {
                if (paths.test(walk.getPathString())) {
                    return true;
                }
                if (walk.isSubtree()) {
                    walk.enterSubtree();
                }
            }
            return false;
        } catch (MissingObjectException e) {
            return true; // nobody can tell
        }
    }

    static void unpin(Repository local, String name) throws IOException {
        var pinned = local.exactRef(PINNED + name);
        if (pinned != null) {
            delete(local, pinned);
        }
    }

    /** The commit that was pinned under that name. */
    static Optional<Revision> pinned(Repository local, ObjectReader reader, Remote remote, String name)
            throws IOException {
        var pinned = local.exactRef(PINNED + name);
        return pinned == null
                ? Optional.empty()
                : Optional.of(read(reader, remote, Conversation.id(pinned).name(), Conversation.id(pinned)));
    }

    /** What it has for one ref. */
    static List<Ref> own(Clone damaged, FollowedRef ref) {
        return own(damaged).stream()
                .filter(one -> one.getName().startsWith(directory(ref)))
                .toList();
    }

    /** All that a damaged clone follows and keeps, as far as it can still say. */
    static List<Ref> own(Clone damaged) {
        var own = new ArrayList<Ref>();
        try (var local = damaged.open()) {
            for (var prefix : List.of(FOLLOWED, PINNED, KEPT)) {
                own.addAll(local.getRefDatabase().getRefsByPrefix(prefix));
            }
        } catch (IOException | RuntimeException e) {
            // Its stacks are compared with the commit that they are brought to next.
        }
        return own;
    }

    static void force(Repository local, String name, ObjectId id) throws IOException {
        var update = local.updateRef(name, true);
        update.setNewObjectId(id);
        update.setForceUpdate(true);
        update.disableRefLog();
        require(update.update(), name);
    }

    private static void delete(Repository local, Ref ref) throws IOException {
        var update = local.updateRef(ref.getName(), true);
        update.setForceUpdate(true);
        require(update.delete(), ref.getName());
    }

    private static void require(RefUpdate.Result result, String name) throws IOException {
        switch (result) {
            case NEW, FORCED, FAST_FORWARD, NO_CHANGE, RENAMED -> {}
            default -> throw new IOException("ref " + name + " could not be moved: " + result);
        }
    }

    private static String directory(FollowedRef ref) {
        return FOLLOWED + encode(ref.text()) + "/";
    }

    private static String encode(String name) {
        return name.replace("%", "%25").replace("/", "%2F");
    }

    private static String decode(String name) {
        return name.replace("%2F", "/").replace("%25", "%");
    }
}
