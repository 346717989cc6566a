package dev.lockstep.reconciler.git;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jgit.errors.CorruptObjectException;
import org.eclipse.jgit.lib.ObjectInserter;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.ObjectWalk;
import org.eclipse.jgit.revwalk.RevObject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits that a damaged clone kept and that no followed ref leads to any more: what stacks are at, what is to be
 * built. They are asked of the remote by their ids, and then taken from the damaged clone, which mostly lacks something
 * else. Under the lock of the clone.
 *
 * @param damaged the clone whose place is taken
 * @param fresh with the refs that are followed
 */
record TakenOver(Clone damaged, Repository fresh, Remote remote, GitSettings settings) {
    private static final Logger LOG = LoggerFactory.getLogger(TakenOver.class);

    /**
     * Takes over what can be had.
     *
     * @param refs of the damaged clone
     * @return a sentence when something is lost
     */
    List<String> from(List<Ref> refs) throws IOException {
        var wanted = new ArrayList<Ref>();
        for (var ref : refs) {
            if (fresh.exactRef(ref.getName()) == null && ref.getObjectId() != null) {
                wanted.add(ref);
            }
        }
        var missing = missing(wanted);
        if (missing.size() > 1) {
            fetch(missing);
            missing = missing(missing);
        }
        // One that the remote does not have makes it refuse them all.
        for (var ref : missing) {
            if (!fetch(List.of(ref))) {
                copy(ref);
            }
        }
        var lost = missing(missing);
        for (var ref : wanted) {
            if (!lost.contains(ref)) {
                Revisions.force(fresh, ref.getName(), Conversation.id(ref));
            }
        }
        return lost.isEmpty()
                ? List.of()
                : List.of("the new clone lacks " + lost.size() + " commit(s) that were kept and that the remote has no"
                        + " longer: " + Conversation.id(lost.getFirst()).name());
    }

    private List<Ref> missing(List<Ref> wanted) {
        return wanted.stream().filter(ref -> !isComplete(ref)).toList();
    }

    /** With all its files. */
    private boolean isComplete(Ref ref) {
        try (var reader = fresh.newObjectReader()) {
            if (!reader.has(Conversation.id(ref))) {
                return false;
            }
            CommitCheck.check(reader, Revisions.read(reader, remote, ref.getName(), Conversation.id(ref)), settings);
            return true;
        } catch (IOException e) {
            LOG.debug("commit is not complete ref={}", ref.getName(), e);
            return false;
        }
    }

    private boolean fetch(List<Ref> refs) {
        var ids =
                refs.stream().map(ref -> Conversation.id(ref).name()).distinct().toList();
        try (var conversation = Conversation.open(remote, settings, new FollowedRef(ids.getFirst()), fresh)) {
            conversation.fetch(ids.stream().map(Conversation::wish).toList(), fresh);
            return true;
        } catch (IOException | DamageException e) {
            LOG.debug("commits are not to be had from={} commits={}", remote, ids, e);
            return false;
        }
    }

    /** With the history that leads to it, as far as the new clone does not have that. */
    private void copy(Ref ref) {
        try (var old = damaged.open();
                var walk = new ObjectWalk(old);
                var inserter = fresh.newObjectInserter()) {
            walk.markStart(walk.parseAny(Conversation.id(ref)));
            for (var known : fresh.getRefDatabase().getRefs()) {
                if (known.getObjectId() != null && walk.getObjectReader().has(known.getObjectId())) {
                    walk.markUninteresting(walk.parseAny(known.getObjectId()));
                }
            }
            for (var commit = walk.next(); commit != null; commit = walk.next()) {
                copy(walk, commit, inserter);
            }
            for (var object = walk.nextObject(); object != null; object = walk.nextObject()) {
                copy(walk, object, inserter);
            }
            inserter.flush();
        } catch (IOException | RuntimeException e) {
            LOG.debug("commit is not in the damaged clone either ref={}", ref.getName(), e);
        }
    }

    private static void copy(ObjectWalk walk, RevObject object, ObjectInserter inserter) throws IOException {
        var loader = walk.getObjectReader().open(object, object.getType());
        try (var content = loader.openStream()) {
            if (!inserter.insert(loader.getType(), loader.getSize(), content).equals(object)) {
                throw new CorruptObjectException(object, "is another one than its name says");
            }
        }
    }
}
