package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.treewalk.TreeWalk;

/**
 * Looks through the files of a commit before anybody uses it: everything is there, there is not too much of it, and no
 * name is one that a file system would take for something else.
 */
final class CommitCheck {
    private static final int DEPTH = 100;
    private static final int NAME_BYTES = 255;

    private CommitCheck() {}

    /** @throws MissingObjectException when the clone lacks a part */
    static void check(ObjectReader reader, Revision revision, GitSettings settings) throws IOException {
        var limit = settings.limits().entries();
        var count = 0;
        try (var walk = new TreeWalk(reader)) {
            walk.addTree(ObjectId.fromString(revision.tree()));
            while (walk.next()) {
                if (++count > limit) {
                    throw refused(revision, "holds more than the " + limit + " files and directories that are taken");
                }
                checkName(revision, walk);
                var mode = walk.getFileMode(0);
                if (mode.equals(FileMode.TREE)) {
                    if (walk.getDepth() >= DEPTH) {
                        throw refused(revision, "has directories nested deeper than " + DEPTH);
                    }
                    walk.enterSubtree();
                } else if (!mode.equals(FileMode.GITLINK) && !reader.has(walk.getObjectId(0))) {
                    throw new MissingObjectException(walk.getObjectId(0), Constants.TYPE_BLOB);
                }
            }
        }
    }

    // Git refuses such names when they are added; a repository made by hand may have them (CVE-2014-9390 and after).
    private static void checkName(Revision revision, TreeWalk walk) throws GitException {
        var raw = walk.getRawPath();
        var start = raw.length;
        var slashes = 0;
        for (var i = raw.length - 1; i >= 0; i--) {
            if (raw[i] == '/') {
                start = slashes++ == 0 ? i + 1 : start;
            }
        }
        start = slashes == 0 ? 0 : start;
        if (slashes != walk.getDepth() || raw.length - start > NAME_BYTES) {
            throw refused(revision, "has a name with a slash in it or longer than " + NAME_BYTES + " bytes");
        }
        String name;
        try {
            name = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(raw, start, raw.length - start))
                    .toString();
        } catch (CharacterCodingException e) {
            throw refused(revision, "has a file whose name is not UTF-8: " + walk.getPathString());
        }
        // Characters that HFS+ ignores and the short name that NTFS makes are other spellings of ".git".
        var plain = name.replaceAll("[\\u200c-\\u200f\\u202a-\\u202e\\u206a-\\u206f\\ufeff]", "")
                .toLowerCase(Locale.ROOT);
        if (name.isEmpty() || name.equals(".") || name.equals("..") || plain.equals(".git") || plain.equals("git~1")) {
            throw refused(revision, "has a file that no repository may have: " + walk.getPathString());
        }
    }

    private static GitException refused(Revision revision, String problem) {
        return new GitException(
                Kind.REFUSED,
                "repository " + revision.repository() + ": commit " + revision.shortCommit() + " " + problem);
    }
}
