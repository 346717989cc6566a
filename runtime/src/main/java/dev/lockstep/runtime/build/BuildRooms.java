package dev.lockstep.runtime.build;

import dev.lockstep.runtime.container.ContainerRooms.Lazy;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.oci.SeccompProfile;
import dev.lockstep.runtime.snapshot.Snapshots;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;

/**
 * What building needs of the engine.
 *
 * @param runRoot keeps it what it is while something of a build is mounted there
 * @param runtime with a state of its own: what containers have no record of is taken away when they are cleaned up
 * @param pull gets images from registries
 * @param repositories fetches what {@code ADD} names of Git repositories
 * @param unpack gives the directories of an image's layers, top layer first
 * @param host name of this host, for what is recorded
 */
public record BuildRooms(
        Root root,
        RunRoot runRoot,
        ImageStore images,
        Snapshots snapshots,
        Lazy<Networks> networks,
        Lazy<OciRuntime> runtime,
        Lazy<SeccompProfile> seccomp,
        Pull pull,
        Repositories repositories,
        Unpack unpack,
        String host,
        InstantSource clock) {
    /** The directory that mounts lie in: containers make it one, with the first, and take it away with the last. */
    public interface RunRoot {
        /** Makes sure that it is there, and that it stays as long as the result is held. */
        Flock enter() throws IOException;

        /** Takes it away if nobody holds it and nothing runs. */
        void leave() throws IOException;
    }

    /** Gets an image from its registry. */
    @FunctionalInterface
    public interface Pull {
        /** The image, whose layers are here and unpacked. */
        Image pull(ImageReference reference, Progress progress) throws IOException;
    }

    /** Fetches from Git repositories. A door: the engine knows no Git. */
    @FunctionalInterface
    public interface Repositories {
        /** None is reached. */
        Repositories NONE = address -> {
            throw new BuildException("Git repositories are not fetched here");
        };

        /**
         * Fetches a commit, whose files can be read until the build is over. Any number of threads may ask at once.
         *
         * @param address of the repository, with {@code #REF:DIRECTORY} where that is written
         * @throws BuildException with a sentence that has no credentials, when it does not come
         */
        Commit fetch(String address) throws IOException;
    }

    /**
     * A commit that was fetched.
     *
     * @param id 40 hexadecimal digits
     * @param files of the directory that was asked for
     */
    public record Commit(String id, BuildRequest.Opener files) {}

    /** Unpacks layers. */
    @FunctionalInterface
    public interface Unpack {
        /**
         * The directories of layers, top layer first.
         *
         * @param layers bottom layer first, as an image has them
         */
        List<Path> unpack(List<Layer> layers, Progress progress) throws IOException;
    }
}
