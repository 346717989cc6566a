package dev.lockstep.reconciler.git;

/** What became of the wish to have a branch or a tag in the clone. */
public sealed interface BroughtRef {
    /** Its commit is there, with all that it has. */
    record Here(Revision revision) implements BroughtRef {}

    /** It cannot be had: it leads to no commit, or to one that is too large; a sentence. */
    record Refused(String problem) implements BroughtRef {}

    /** It points elsewhere than it did when it was asked for, or nowhere: to be looked at anew. */
    record Gone() implements BroughtRef {}
}
