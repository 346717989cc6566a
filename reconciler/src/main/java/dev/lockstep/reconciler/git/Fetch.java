package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevWalk;

/** One fetch into one repository. The ref moves only after the commit proved complete. Under the clone's lock. */
final class Fetch {
    private Fetch() {}

    /**
     * @param before what is known from elsewhere (a clone that is being replaced) when this repository has none
     * @throws GitException {@link Kind#MOVED} when the move is refused and only {@code before} knows what it was
     */
    static FetchResult into(
            Repository local,
            Remote remote,
            GitSettings settings,
            FollowedRef ref,
            RefRule rule,
            Optional<RefRule.Before> before,
            List<String> notes)
            throws IOException, DamageException {
        var kept = previous(local, remote, ref);
        var previous = kept.map(r -> new RefRule.Before(r.ref(), r.commit())).or(() -> before);
        var brought = ref.isCommit() ? commit(local, remote, settings, ref) : tip(local, remote, settings, ref, notes);
        try (var reader = local.newObjectReader()) {
            var revision = Revisions.read(reader, remote, brought.name(), brought.object());
            var forced = previous.isPresent()
                    && !Revisions.isAncestor(reader, previous.get().commit(), revision.commit());
            var commit = previous.map(RefRule.Before::commit);
            if (previous.isPresent() && !ref.isCommit() && rule.refuses(previous.get(), revision, !forced)) {
                var why = rule.sentence(previous.get(), revision);
                var stays = kept.orElseThrow(() -> new GitException(Kind.MOVED, why));
                return new FetchResult(stays, Optional.of(new RefusedMove(revision, why)), commit, false, notes);
            }
            CommitCheck.check(reader, revision, settings);
            Revisions.set(local, ref, brought.name(), brought.object());
            return new FetchResult(revision, Optional.empty(), commit, forced, notes);
        } catch (GitException e) {
            throw e;
        } catch (IOException e) {
            if (Failures.isDamage(e)) {
                throw new DamageException(e);
            }
            throw e;
        }
    }

    private record Brought(String name, ObjectId object) {}

    private static Optional<Revision> previous(Repository local, Remote remote, FollowedRef ref)
            throws DamageException {
        try (var reader = local.newObjectReader()) {
            return Revisions.fetched(local, reader, remote, ref);
        } catch (IOException e) {
            throw new DamageException(e);
        }
    }

    private static Brought tip(
            Repository local, Remote remote, GitSettings settings, FollowedRef ref, List<String> notes)
            throws IOException, DamageException {
        try (var conversation = Conversation.open(remote, settings, ref, local)) {
            var advertised = conversation.advertised();
            conversation.ambiguity().ifPresent(notes::add);
            if (!has(local, Conversation.id(advertised))) {
                conversation.fetch(List.of(advertised), local);
            }
            return new Brought(conversation.tip().ref(), Conversation.id(advertised));
        }
    }

    /** A commit by id: as it is where the server allows that, else as part of the branches and tags. */
    private static Brought commit(Repository local, Remote remote, GitSettings settings, FollowedRef ref)
            throws IOException, DamageException {
        var id = ObjectId.fromString(ref.text());
        if (has(local, id)) {
            return new Brought(ref.text(), id);
        }
        try (var conversation = Conversation.open(remote, settings, ref, local)) {
            conversation.fetch(List.of(Conversation.wish(ref.text())), local);
        } catch (GitException e) {
            if (e.kind() != Kind.UNREACHABLE) {
                throw e;
            }
            // "not advertised", "not our ref": the server's answer to an id that no ref names. What it does name may
            // hold it.
            fetchAll(local, remote, settings.withShallow(false), ref);
        }
        if (!has(local, id)) {
            throw new GitException(
                    Kind.NO_SUCH_REF, "repository " + remote + " has no commit " + ref + " on any branch or tag");
        }
        return new Brought(ref.text(), id);
    }

    private static void fetchAll(Repository local, Remote remote, GitSettings settings, FollowedRef ref)
            throws IOException, DamageException {
        try (var first = Conversation.open(remote, settings, ref, local);
                var all = first.again(local)) {
            var wanted = new ArrayList<Ref>();
            for (var advertised : all.branchesAndTags()) {
                if (!has(local, Conversation.id(advertised))) {
                    wanted.add(advertised);
                }
            }
            if (!wanted.isEmpty()) {
                all.fetch(wanted, local);
            }
        }
    }

    /** Present with all that it reaches: an object alone may be the start of an interrupted fetch. */
    static boolean has(Repository local, ObjectId id) throws IOException {
        try (var walk = new RevWalk(local)) {
            if (!local.getObjectDatabase().has(id)) {
                return false;
            }
            var object = walk.parseAny(id);
            walk.peel(object);
            return true;
        }
    }
}
