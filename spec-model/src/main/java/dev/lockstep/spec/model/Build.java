package dev.lockstep.spec.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How the image of a service is made.
 *
 * @param dockerfile its path relative to the context; empty exactly when {@code inlineDockerfile} is there
 * @param args build arguments; those without a value took it from the surroundings or were dropped
 * @param labels of the image
 * @param noCacheFilter stages that are built anew each time
 * @param additionalContexts by the name that the Dockerfile uses
 * @param network the network mode of {@code RUN}
 * @param provenance {@code true}, {@code false} or options of an attestation
 * @param sbom the same for the bill of materials
 * @param pull look for newer base images each time
 * @param target the last stage to build
 * @param extraHosts by order of the file
 * @param secrets that {@code RUN --mount=type=secret} may read
 * @param tags further names of the image
 */
public record Build(
        ContextSource context,
        Optional<String> dockerfile,
        Optional<String> inlineDockerfile,
        List<String> entitlements,
        Map<String, String> args,
        Optional<String> provenance,
        Optional<String> sbom,
        List<SshKey> ssh,
        Map<String, String> labels,
        List<String> cacheFrom,
        List<String> cacheTo,
        boolean noCache,
        List<String> noCacheFilter,
        Map<String, ContextSource> additionalContexts,
        boolean pull,
        List<ExtraHost> extraHosts,
        Optional<String> isolation,
        Optional<String> network,
        Optional<String> target,
        List<Grant> secrets,
        Optional<ByteSize> shmSize,
        List<String> tags,
        Map<String, Ulimit> ulimits,
        List<String> platforms,
        boolean privileged) {
    public Build {
        if (dockerfile.isPresent() == inlineDockerfile.isPresent()) {
            throw new IllegalArgumentException("a build has either a Dockerfile in a file or one written inline");
        }
        entitlements = List.copyOf(entitlements);
        args = Copies.ordered(args);
        ssh = List.copyOf(ssh);
        labels = Copies.ordered(labels);
        cacheFrom = List.copyOf(cacheFrom);
        cacheTo = List.copyOf(cacheTo);
        noCacheFilter = List.copyOf(noCacheFilter);
        additionalContexts = Copies.ordered(additionalContexts);
        extraHosts = List.copyOf(extraHosts);
        secrets = List.copyOf(secrets);
        tags = List.copyOf(tags);
        ulimits = Copies.ordered(ulimits);
        platforms = List.copyOf(platforms);
    }

    /** The services whose images it builds from. */
    public List<String> services() {
        return Stream.concat(Stream.of(context), additionalContexts.values().stream())
                .flatMap(source ->
                        source instanceof ContextSource.OfService(var service) ? Stream.of(service) : Stream.empty())
                .toList();
    }
}
