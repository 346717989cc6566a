package dev.lockstep.reconciler.contexts;

import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.build.SshAgent;
import dev.lockstep.runtime.container.Naming;
import dev.lockstep.runtime.dockerfile.Dockerfile;
import dev.lockstep.runtime.dockerfile.StageGraph;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.oci.Rlimit;
import dev.lockstep.spec.model.Build;
import dev.lockstep.spec.model.ContextSource;
import dev.lockstep.spec.model.FileContent;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Sensitive;
import dev.lockstep.spec.model.Service;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What a service's {@code build} section asks the builder for, with what the one who builds adds to it. */
public final class SectionRequest {
    /** What a {@code RUN} may ask for beside. */
    public static final List<String> ENTITLEMENTS = List.of("network.host", "security.insecure");

    private final Project project;
    private final ContextFiles files;
    private final HostSecrets secrets;
    private final Map<String, Image> built;
    private final Consumer<String> talk;

    /**
     * @param files what the project's paths lead to
     * @param built images of services that were built before
     * @param talk gets what is wrong with a Dockerfile, line by line, and warnings
     */
    public SectionRequest(
            Project project, ContextFiles files, HostSecrets secrets, Map<String, Image> built, Consumer<String> talk) {
        this.project = project;
        this.files = files;
        this.secrets = secrets;
        this.built = Map.copyOf(built);
        this.talk = talk;
    }

    /**
     * What the one who builds adds.
     *
     * @param arguments over those of the section
     * @param labels of the image, below those of the section
     * @param noCache every step is done anew
     * @param pull registries are asked for base images that are here
     * @param caches beside this host's
     * @param agents who signs for SSH, by id
     * @param epoch the time that everything made gets, unless an argument says so
     * @param memory bytes that the processes of a RUN may have together
     */
    public record Additions(
            Map<String, String> arguments,
            Map<String, String> labels,
            boolean noCache,
            boolean pull,
            CacheOptions caches,
            Map<String, SshAgent> agents,
            Optional<Instant> epoch,
            Optional<Long> memory) {
        public Additions {
            arguments = Collections.unmodifiableMap(new LinkedHashMap<>(arguments));
            labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
            agents = Collections.unmodifiableMap(new TreeMap<>(agents));
        }
    }

    /**
     * Puts it together.
     *
     * @param secrets as {@link #secrets} gives them
     * @param fetched brings contexts that are no directories; open as long as the build goes on
     * @throws UnbuildableException for what cannot be done
     */
    public BuildRequest of(
            Service service,
            Build build,
            Map<String, BuildRequest.Secret> secrets,
            Additions additions,
            FetchedContexts fetched)
            throws IOException {
        refuse(service, build);
        var dockerfiles = new Dockerfiles(talk);
        var contexts = new BuildContexts(files, dockerfiles, fetched);
        var arguments = new LinkedHashMap<>(build.args());
        arguments.putAll(additions.arguments());
        Optional<Dockerfile> given = build.inlineDockerfile().isPresent()
                ? Optional.of(dockerfiles.read(
                        "Dockerfile", build.inlineDockerfile().get().getBytes(StandardCharsets.UTF_8)))
                : Optional.empty();
        var found = contexts.find(build.context(), build.dockerfile(), given, arguments);
        var labels = new LinkedHashMap<>(additions.labels());
        labels.putAll(found.labels());
        labels.putAll(build.labels());
        var stages = new HashSet<String>();
        build.noCacheFilter().forEach(stage -> stages.add(stage.toLowerCase(Locale.ROOT)));
        var asked = Optional.ofNullable(arguments.get("SOURCE_DATE_EPOCH"));
        return new BuildRequest(
                found.dockerfile(),
                build.target(),
                found.context(),
                named(contexts, service, build),
                arguments,
                labels,
                new BuildRequest.CacheUse(
                        build.noCache() || additions.noCache(),
                        stages,
                        additions.caches().from(),
                        additions.caches().inline()),
                build.pull() || additions.pull(),
                secrets,
                additions.agents(),
                steps(service, build).withMemory(additions.memory()),
                platform("service \"" + service.name() + "\": build.platforms", build.platforms()),
                asked.isPresent() ? Builder.epoch(asked) : additions.epoch());
    }

    /** What cannot be done, in a sentence each; a hint that is not followed is said. */
    private void refuse(Service service, Build build) throws UnbuildableException {
        var place = "service \"" + service.name() + "\": build.";
        if (build.privileged()) {
            throw new UnbuildableException(place + "privileged: a whole build is not given all rights; write RUN"
                    + " --security=insecure where it is needed, and entitlements: [security.insecure]");
        }
        if (build.isolation().isPresent()) {
            throw new UnbuildableException(place + "isolation is of Windows; take it out");
        }
    }

    /**
     * The platform that an image is built for: the one that is named, be it another one than this host's, as long as no
     * program of it has to run; else this host's.
     *
     * @param place where the platforms stand, for the message
     * @throws UnbuildableException when there are several, or one that is none
     */
    public static Platform platform(String place, List<String> platforms) throws UnbuildableException {
        if (platforms.isEmpty()) {
            return Platform.current();
        }
        if (platforms.size() > 1) {
            throw new UnbuildableException(place + ": an image is built for one platform, and not for "
                    + String.join(" and ", platforms)
                    + "; leave one, and build the others under an image or tags of their own");
        }
        try {
            return Platform.parse(platforms.getFirst());
        } catch (IllegalArgumentException e) {
            throw new UnbuildableException(place + ": " + e.getMessage(), e);
        }
    }

    private Map<String, BuildRequest.NamedContext> named(BuildContexts contexts, Service service, Build build)
            throws IOException {
        var named = new LinkedHashMap<String, BuildRequest.NamedContext>();
        for (var entry : build.additionalContexts().entrySet()) {
            named.put(
                    StageGraph.contextName(entry.getKey()),
                    switch (entry.getValue()) {
                        case ContextSource.OfService(var other) ->
                            new BuildRequest.NamedContext.Here(Optional.ofNullable(built.get(other))
                                    .orElseThrow(() -> new UnbuildableException("service \"" + service.name()
                                            + "\": build.additional_contexts." + entry.getKey() + ": service \"" + other
                                            + "\" has no build section"))
                                    .digest());
                        case ContextSource.Directory(var path) -> contexts.named(path);
                        case ContextSource.Remote(var address) -> contexts.named(address);
                    });
        }
        return named;
    }

    /** The secrets of a build by the ids that its steps have for them. */
    public Map<String, BuildRequest.Secret> secrets(Build build) throws IOException {
        var all = new LinkedHashMap<String, BuildRequest.Secret>();
        for (var grant : build.secrets()) {
            var id = grant.target().orElse(grant.source());
            all.put(id, new BuildRequest.Secret(secret(grant.source())));
        }
        return all;
    }

    private byte[] secret(String key) throws IOException {
        var secret = Optional.ofNullable(project.secrets().get(key))
                .orElseThrow(() -> new UnbuildableException("undefined secret " + key));
        return switch (secret.content()) {
            case FileContent.File(var path) -> files.secret(key, path);
            case FileContent.Inline(var text) -> text.getBytes(StandardCharsets.UTF_8);
            case FileContent.Variable(var variable, var value) ->
                value.map(Sensitive::value)
                        .orElseThrow(() -> new UnbuildableException("the secret " + key
                                + " is the value of the variable " + variable + ", which is not set"))
                        .getBytes(StandardCharsets.UTF_8);
            case FileContent.External() ->
                secrets.find(project.name(), secret.name())
                        .orElseThrow(() -> new UnbuildableException("the secret " + key
                                + " is not on this host; 'lockstep -p " + project.name() + " secret set "
                                + secret.name() + "' keeps it"));
            case FileContent.Unsaid() ->
                throw new UnbuildableException("nothing says what the secret " + key + " contains");
        };
    }

    private static BuildRequest.StepOptions steps(Service service, Build build) throws UnbuildableException {
        var hosts = build.extraHosts().stream()
                .map(host -> new Naming.ExtraHost(host.name(), host.address()))
                .toList();
        var limits = new LinkedHashMap<String, Rlimit>();
        build.ulimits().forEach((name, limit) -> limits.put(name, new Rlimit(limit.soft(), limit.hard())));
        for (var entitlement : build.entitlements()) {
            if (!ENTITLEMENTS.contains(entitlement)) {
                throw new UnbuildableException("service \"" + service.name()
                        + "\": build.entitlements: there are network.host and security.insecure, not \"" + entitlement
                        + "\"");
            }
        }
        return new BuildRequest.StepOptions(
                network(build.network().orElse("default")),
                hosts,
                build.shmSize().map(size -> size.bytes()),
                limits,
                build.entitlements().contains("network.host"),
                build.entitlements().contains("security.insecure"));
    }

    /** What {@code network} means. */
    public static BuildRequest.Network network(String text) throws UnbuildableException {
        return switch (text) {
            case "default", "bridge", "" -> BuildRequest.Network.DEFAULT;
            case "none" -> BuildRequest.Network.NONE;
            case "host" -> BuildRequest.Network.HOST;
            default ->
                throw new UnbuildableException("the network of a build is default, none or host, not \"" + text + "\"");
        };
    }

    /** What a section asks this host for that not everybody may have, each as {@link #ENTITLEMENTS} has it. */
    public static Set<String> entitlements(Build build) {
        var asked = new HashSet<>(build.entitlements());
        if (build.network().filter("host"::equals).isPresent()) {
            asked.add("network.host");
        }
        return Set.copyOf(asked);
    }
}
