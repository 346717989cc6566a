package dev.lockstep.reconciler.git;

import java.time.Instant;
import java.util.Optional;

/**
 * One commit as a ref led to it. Everything afterwards goes by {@link #commit()}; the ref is never looked up a second
 * time.
 *
 * @param repository the remote's URL without credentials
 * @param ref full name of the ref ({@code refs/heads/main}), or the commit id when the configuration pins one
 * @param commit 40 hexadecimal digits
 * @param tree id of the commit's root directory; equal trees have equal files
 * @param tag id of the annotated tag that pointed here, absent for branches and lightweight tags
 * @param author name of the author as the commit has it
 * @param authored when the author wrote it, by the author's clock: for display, never for order
 * @param subject first line of the message
 */
public record Revision(
        String repository,
        String ref,
        String commit,
        String tree,
        Optional<String> tag,
        String author,
        Instant authored,
        String subject) {
    public Revision {
        ObjectName.check(commit);
        ObjectName.check(tree);
        tag.ifPresent(ObjectName::check);
    }

    /** The commit as people write it: seven digits. */
    public String shortCommit() {
        return shortened(commit);
    }

    /** An id of 40 digits as people write it: seven digits. */
    public static String shortened(String commit) {
        return commit.substring(0, 7);
    }
}
