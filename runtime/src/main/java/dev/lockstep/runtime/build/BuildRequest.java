package dev.lockstep.runtime.build;

import dev.lockstep.runtime.container.Naming;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.context.SourceDirectory;
import dev.lockstep.runtime.context.SourceTree;
import dev.lockstep.runtime.dockerfile.Dockerfile;
import dev.lockstep.runtime.dockerfile.StageGraph;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.oci.Rlimit;
import java.io.IOException;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What is to be built.
 *
 * @param target stage; absent: the last
 * @param context where COPY looks; absent: there is none
 * @param contexts further ones by {@linkplain StageGraph#contextName name}; one named like a stage or an image stands
 *     for that
 * @param arguments {@code --build-arg}
 * @param labels that the image gets at the end
 * @param cache what of the cache is believed
 * @param pull whether registries are asked for base images that are here
 * @param secrets by id
 * @param agents who signs for SSH, by id
 * @param platform that the image is for
 * @param epoch the time that everything made gets (SOURCE_DATE_EPOCH)
 */
public record BuildRequest(
        Dockerfile dockerfile,
        Optional<String> target,
        Optional<Context> context,
        Map<String, NamedContext> contexts,
        Map<String, String> arguments,
        Map<String, String> labels,
        CacheUse cache,
        boolean pull,
        Map<String, Secret> secrets,
        Map<String, SshAgent> agents,
        StepOptions steps,
        Platform platform,
        Optional<Instant> epoch) {
    public BuildRequest {
        contexts = Collections.unmodifiableMap(new TreeMap<>(contexts));
        arguments = Collections.unmodifiableMap(new LinkedHashMap<>(arguments));
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
        secrets = Map.copyOf(secrets);
        agents = Map.copyOf(agents);
    }

    /** The same with these arguments above its own. */
    public BuildRequest withArguments(Map<String, String> more) {
        var all = new LinkedHashMap<>(arguments);
        all.putAll(more);
        return new BuildRequest(
                dockerfile,
                target,
                context,
                contexts,
                all,
                labels,
                cache,
                pull,
                secrets,
                agents,
                steps,
                platform,
                epoch);
    }

    /** The same with another use of the cache. */
    public BuildRequest with(CacheUse use) {
        return new BuildRequest(
                dockerfile,
                target,
                context,
                contexts,
                arguments,
                labels,
                use,
                pull,
                secrets,
                agents,
                steps,
                platform,
                epoch);
    }

    /** Opens a tree of files; several threads may each have it open. */
    @FunctionalInterface
    public interface Opener {
        /** The root of the tree; whoever opens it closes it. */
        SourceDirectory open() throws IOException;
    }

    /**
     * Files to copy from.
     *
     * @param ignore what is not there for the build
     */
    public record Context(Opener opener, Ignore ignore) {
        /** The tree, whose root the caller closes. */
        SourceTree open() throws IOException {
            return SourceTree.context(opener.open(), ignore);
        }
    }

    /** What {@code --build-context NAME=} gives. */
    public sealed interface NamedContext {
        /** A tree of files. */
        record Files(Context context) implements NamedContext {}

        /** An image, pulled when it is not here. */
        record Named(ImageReference reference) implements NamedContext {}

        /** An image that is here. */
        record Here(Digest digest) implements NamedContext {}
    }

    /**
     * What of the cache is believed.
     *
     * @param none every step is done anew
     * @param stages so are those of these stages, by name in lower case
     * @param from other caches that are asked for what is not here
     * @param inline whether the image says which steps have made its layers, so that it is a cache itself
     */
    public record CacheUse(boolean none, Set<String> stages, List<CacheFrom> from, boolean inline) {
        /** All of it. */
        public static final CacheUse ALL = new CacheUse(false, Set.of());

        public CacheUse {
            stages = Set.copyOf(stages);
            from = List.copyOf(from);
        }

        /** This host's cache alone. */
        public CacheUse(boolean none, Set<String> stages) {
            this(none, stages, List.of(), false);
        }
    }

    /** A value that steps may see and nobody else. */
    public static final class Secret {
        private final byte[] content;

        /** A copy of it is kept, in memory alone. */
        public Secret(byte[] content) {
            this.content = content.clone();
        }

        /** A copy: whoever asks shows it nowhere. */
        public byte[] content() {
            return content.clone();
        }

        @Override
        public String toString() {
            return "***";
        }
    }

    /** What a step may reach that does not say it itself. */
    public enum Network {
        /** What containers reach. */
        DEFAULT,
        /** Nothing. */
        NONE,
        /** What the host reaches. */
        HOST
    }

    /**
     * What holds for every RUN.
     *
     * @param hosts further names
     * @param shmSize of /dev/shm in bytes; absent: 64 MiB
     * @param allowHostNetwork whether a RUN may ask for the host's network
     * @param allowInsecure whether a RUN may ask for everything that root may
     * @param logSize bytes of what each of a step's streams writes that are told; negative: all
     * @param memory bytes that the processes of a RUN may have together; absent: what the host has
     */
    public record StepOptions(
            Network network,
            List<Naming.ExtraHost> hosts,
            Optional<Long> shmSize,
            Map<String, Rlimit> limits,
            boolean allowHostNetwork,
            boolean allowInsecure,
            long logSize,
            Optional<Long> memory) {
        /** BuildKit's. */
        public static final long LOG_SIZE = 2 << 20;

        /** Nothing special. */
        public static final StepOptions NONE =
                new StepOptions(Network.DEFAULT, List.of(), Optional.empty(), Map.of(), false, false);

        public StepOptions {
            hosts = List.copyOf(hosts);
            limits = Collections.unmodifiableMap(new TreeMap<>(limits));
        }

        /** With as much output as usual, and without a limit of memory. */
        public StepOptions(
                Network network,
                List<Naming.ExtraHost> hosts,
                Optional<Long> shmSize,
                Map<String, Rlimit> limits,
                boolean allowHostNetwork,
                boolean allowInsecure) {
            this(network, hosts, shmSize, limits, allowHostNetwork, allowInsecure, LOG_SIZE, Optional.empty());
        }

        /** The same with so much output. */
        public StepOptions withLogSize(long bytes) {
            return new StepOptions(network, hosts, shmSize, limits, allowHostNetwork, allowInsecure, bytes, memory);
        }

        /** The same with so much memory. */
        public StepOptions withMemory(Optional<Long> bytes) {
            return new StepOptions(network, hosts, shmSize, limits, allowHostNetwork, allowInsecure, logSize, bytes);
        }
    }
}
