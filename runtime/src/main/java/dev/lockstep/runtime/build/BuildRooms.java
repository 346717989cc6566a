package dev.lockstep.runtime.build;

import dev.lockstep.runtime.container.ContainerRooms.Lazy;
import dev.lockstep.runtime.container.SharedLimits;
import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.oci.SeccompProfile;
import dev.lockstep.runtime.registry.WebFile;
import dev.lockstep.runtime.snapshot.Snapshots;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * What building needs of the engine.
 *
 * @param runRoot keeps it what it is while something of a build is mounted there
 * @param runtime with a state of its own: what containers have no record of is taken away when they are cleaned up
 * @param pull gets images from registries
 * @param repositories fetches what {@code ADD} names of Git repositories
 * @param web downloads what {@code ADD} names of the web
 * @param caches opens what other hosts have left of builds
 * @param unpack gives the directories of an image's layers, top layer first
 * @param host name of this host, for what is recorded
 * @param sharers whose builds share what programs have made: steps of {@code RUN}, and what they keep in cache mounts.
 *     What a program makes depends on more than its step is known by (proxies, secrets, what is in a cache mount), and
 *     whoever writes one repository's files must not choose what another one's builds find. Empty for who builds by
 *     hand
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
        Web web,
        Caches caches,
        Unpack unpack,
        String host,
        String sharers,
        Optional<SharedLimits> limits,
        InstantSource clock) {
    /** The same for builds whose steps are within these limits together. */
    BuildRooms within(SharedLimits others) {
        return copy(runRoot, runtime, caches, sharers, Optional.of(others));
    }

    /** The same for builds that share with those of that name alone. */
    BuildRooms sharedBy(String others) {
        return copy(runRoot, runtime, caches, others, limits);
    }

    /** The same with another run root and runtime. */
    BuildRooms with(RunRoot otherRoot, Lazy<OciRuntime> otherRuntime) {
        return copy(otherRoot, otherRuntime, caches, sharers, limits);
    }

    /** The same with other caches. */
    public BuildRooms with(Caches others) {
        return copy(runRoot, runtime, others, sharers, limits);
    }

    /** The same with these of what differs from one builder to the next. */
    private BuildRooms copy(
            RunRoot ownRoot,
            Lazy<OciRuntime> ownRuntime,
            Caches ownCaches,
            String ownSharers,
            Optional<SharedLimits> ownLimits) {
        return new BuildRooms(
                root,
                ownRoot,
                images,
                snapshots,
                networks,
                ownRuntime,
                seccomp,
                pull,
                repositories,
                web,
                ownCaches,
                unpack,
                host,
                ownSharers,
                ownLimits,
                clock);
    }

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
        /** The image, whose layers are here and unpacked. Ends when its thread is interrupted. */
        Image pull(ImageReference reference, Progress progress) throws IOException;

        /** Whether the image that has this name here is the one that is meant; else it is pulled. */
        default boolean means(ImageReference reference, Image here) throws IOException {
            return true;
        }

        /**
         * Makes sure that an image which is here already may be built from.
         *
         * @throws BuildException with a sentence, when it may not
         */
        default void check(ImageReference reference, Image here) throws IOException {
            // Whoever may do anything may build from anything.
        }
    }

    /** Fetches from Git repositories. A door: the engine knows no Git. */
    @FunctionalInterface
    public interface Repositories {
        /** None is reached. */
        Repositories NONE = address -> {
            throw new BuildException("Git repositories are not fetched here");
        };

        /**
         * Fetches a commit, whose files can be read until the build is over. Any number of threads may ask at once; it
         * ends when theirs is interrupted.
         *
         * @param address of the repository, with {@code #REF:DIRECTORY} where that is written
         * @throws BuildException with a sentence that has no credentials, when it does not come
         */
        Commit fetch(String address) throws IOException;
    }

    /** Downloads files. */
    @FunctionalInterface
    public interface Web {
        /** See {@link WebFile#fetch(URI, WebFile.Version, OutputStream)}. */
        WebFile fetch(URI address, WebFile.Version known, OutputStream to) throws IOException;
    }

    /**
     * A commit that was fetched.
     *
     * @param id 40 hexadecimal digits
     * @param files of the directory that was asked for
     * @param repository the same with a {@code .git} among them, where that directory is the whole
     */
    public record Commit(String id, BuildRequest.Opener files, BuildRequest.Opener repository) {
        /** One of which no repository is made. */
        public Commit(String id, BuildRequest.Opener files) {
            this(id, files, () -> {
                throw new BuildException("no .git is made for the commit " + id + " here; leave --keep-git-dir out");
            });
        }
    }

    /** Opens caches of other hosts. A door: they are in registries. */
    public interface Caches {
        /** There are none. */
        Caches NONE = new Caches() {
            @Override
            public CacheSource open(CacheFrom from) throws IOException {
                throw new BuildException("no other caches are read here");
            }

            @Override
            public void write(ImageReference reference, Descriptor manifest, List<Descriptor> content)
                    throws IOException {
                throw new BuildException("no other caches are written here");
            }
        };

        /** Opens one; nobody is asked before its first method is called. */
        CacheSource open(CacheFrom from) throws IOException;

        /**
         * Puts a cache into a registry.
         *
         * @param content what the manifest names; it and the manifest are in the store
         */
        void write(ImageReference reference, Descriptor manifest, List<Descriptor> content) throws IOException;
    }

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
