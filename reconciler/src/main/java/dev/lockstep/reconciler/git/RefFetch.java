package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;

/** Brings branches and tags that are not followed into a clone, all of them in one conversation. Under its lock. */
final class RefFetch {
    private RefFetch() {}

    static Map<String, BroughtRef> into(Repository local, Remote remote, GitSettings settings, List<RemoteRef> wanted)
            throws IOException, DamageException {
        var missing = new LinkedHashMap<String, RemoteRef>();
        for (var ref : wanted) {
            if (!RemoteRef.isOwn(ref.name())) {
                throw new IllegalArgumentException(ref.name() + " is neither a branch nor a tag of the repository");
            }
            if (!Fetch.has(local, ObjectId.fromString(ref.object()))) {
                missing.put(ref.name(), ref);
            }
        }
        var gone = missing.isEmpty() ? List.<String>of() : fetch(local, remote, settings, missing);
        var brought = new LinkedHashMap<String, BroughtRef>();
        var kept = new LinkedHashMap<String, ObjectId>();
        var checked = new HashSet<String>();
        for (var ref : wanted) {
            var read = gone.contains(ref.name()) ? new BroughtRef.Gone() : read(local, remote, settings, ref, checked);
            if (read instanceof BroughtRef.Here(var revision)) {
                kept.put(ref.name(), ObjectId.fromString(revision.commit()));
            }
            brought.put(ref.name(), read);
        }
        Revisions.keep(local, kept);
        return brought;
    }

    /** @return names of those that are not where they were said to be */
    private static List<String> fetch(
            Repository local, Remote remote, GitSettings settings, Map<String, RemoteRef> missing)
            throws IOException, DamageException {
        var gone = new ArrayList<String>();
        try (var conversation =
                Conversation.open(remote, settings, local, List.of(Constants.R_HEADS + "*", Constants.R_TAGS + "*"))) {
            var there = new LinkedHashMap<String, Ref>();
            conversation.branchesAndTags().forEach(ref -> there.put(ref.getName(), ref));
            var wishes = new ArrayList<Ref>();
            missing.forEach((name, ref) -> {
                var now = there.get(name);
                if (now != null && Conversation.id(now).name().equals(ref.object())) {
                    wishes.add(now);
                } else {
                    gone.add(name);
                }
            });
            if (!wishes.isEmpty()) {
                conversation.fetch(wishes, local);
            }
        }
        return gone;
    }

    /** @param checked trees that proved complete: many tags may name one commit */
    private static BroughtRef read(
            Repository local, Remote remote, GitSettings settings, RemoteRef ref, Set<String> checked)
            throws IOException, DamageException {
        try (var reader = local.newObjectReader()) {
            var id = ObjectId.fromString(ref.object());
            var revision = Revisions.read(reader, remote, ref.name(), id);
            if (!checked.contains(revision.tree())) {
                CommitCheck.check(reader, revision, settings);
                checked.add(revision.tree());
            }
            return new BroughtRef.Here(revision);
        } catch (GitException e) {
            if (e.kind() == Kind.REFUSED) {
                return new BroughtRef.Refused(String.valueOf(e.getMessage()));
            }
            throw e;
        } catch (IOException e) {
            if (Failures.isDamage(e)) {
                throw new DamageException(e);
            }
            throw e;
        }
    }
}
