package dev.lockstep.runtime.dockerfile;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** A {@code RUN --mount} whose variables are replaced. Paths are as they are written: relative ones join WORKDIR. */
public sealed interface Mount {
    /**
     * A directory or a file of a stage, an image or the context.
     *
     * @param from empty: the build context
     * @param source {@code /} is the whole
     * @param writable what is written is gone after the step
     */
    record Bind(String target, Optional<String> from, String source, boolean writable) implements Mount {}

    /**
     * A directory that outlives builds.
     *
     * @param id the target if none is given
     * @param from what an empty one begins with
     * @param source path in {@code from}
     */
    record Cache(
            String target,
            String id,
            boolean readOnly,
            Sharing sharing,
            Optional<String> from,
            String source,
            Access access)
            implements Mount {}

    /**
     * An empty directory in memory.
     *
     * @param size in bytes
     */
    record Tmpfs(String target, boolean readOnly, OptionalLong size) implements Mount {}

    /**
     * A secret of the build.
     *
     * @param target empty: {@code /run/secrets/} and the last part of the id, or no file at all if there is a variable
     * @param variable {@code env}: the environment variable that gets it
     */
    record Secret(String id, Optional<String> target, Optional<String> variable, boolean required, Access access)
            implements Mount {
        /** Where its file is. */
        public String place() {
            return target.orElseGet(() -> "/run/secrets/" + MountReader.lastPart(id));
        }
    }

    /**
     * An SSH agent's socket.
     *
     * @param id {@code default} if none is given
     * @param target empty: {@code /run/buildkit/ssh_agent.N}
     */
    record Ssh(String id, Optional<String> target, boolean required, Access access) implements Mount {}

    /** Whoever uses a cache at the same time. */
    enum Sharing {
        SHARED,
        PRIVATE,
        LOCKED
    }

    /** Mode and owner; empty where the default of the kind holds. */
    record Access(OptionalInt mode, OptionalInt uid, OptionalInt gid) {}
}
