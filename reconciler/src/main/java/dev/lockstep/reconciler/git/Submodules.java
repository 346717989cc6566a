package dev.lockstep.reconciler.git;

import dev.lockstep.runtime.context.SourceDirectory;
import java.io.IOException;

/** Opens what a commit names of other repositories. */
@FunctionalInterface
public interface Submodules {
    /**
     * The files of a submodule; the caller closes them.
     *
     * @param path where it is in the commit
     * @param commit of the other repository
     * @throws IOException with a sentence, when they cannot be had
     */
    SourceDirectory open(String path, String commit) throws IOException;
}
