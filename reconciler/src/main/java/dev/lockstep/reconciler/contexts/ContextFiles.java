package dev.lockstep.reconciler.contexts;

import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.dockerfile.Dockerfile;
import java.io.IOException;
import java.util.Optional;

/** What the paths of a build lead to: directories of a host, or those of a commit. */
public sealed interface ContextFiles permits HostFiles, CommitFiles {
    /**
     * A directory as the context of a build, with its Dockerfile.
     *
     * @param context as it is written
     * @param dockerfile as it is written, relative to the context; absent: {@code Dockerfile}
     * @param given the Dockerfile, where it is in no file
     * @throws UnbuildableException when there is no such directory, or no such file
     */
    BuildContexts.Found find(
            String context, Optional<String> dockerfile, Optional<Dockerfile> given, Dockerfiles dockerfiles)
            throws IOException;

    /**
     * A directory as a further context.
     *
     * @throws UnbuildableException when there is none
     */
    BuildRequest.Context further(String path) throws IOException;

    /**
     * The content of a file that is a secret.
     *
     * @param name of the secret, for messages
     * @throws UnbuildableException when it is not there, or may not be read
     */
    byte[] secret(String name, String path) throws IOException;
}
