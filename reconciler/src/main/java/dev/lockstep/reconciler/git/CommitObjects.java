package dev.lockstep.reconciler.git;

import java.io.IOException;
import java.io.OutputStream;

/** Where the objects of commits are read from: the clone of a remote, or somebody's repository. */
interface CommitObjects {
    /** Reads; what it throws names the repository. */
    <T> T read(GitSource.Reading<T> reading) throws GitException;

    /** Writes the content of a blob. */
    void copy(String objectId, OutputStream target) throws IOException;

    GitSettings settings();

    /** What the repository is called, for a stack that has no other name. */
    String name();

    /** Keeps the commit readable under that name. */
    void pin(String name, Revision revision) throws GitException;
}
