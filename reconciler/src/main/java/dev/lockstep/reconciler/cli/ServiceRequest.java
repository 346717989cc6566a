package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.container.Naming;
import dev.lockstep.runtime.dockerfile.Dockerfile;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What a service's {@code build} section asks the builder for, with the options of the command line above it. */
final class ServiceRequest {
    private final Invocation call;
    private final Project project;
    private final Path directory;
    private final HostSecrets secrets;
    private final Map<String, Image> built;

    /**
     * @param directory base of the project's relative paths, absolute
     * @param built images of services that were built before
     */
    ServiceRequest(Invocation call, Project project, Path directory, HostSecrets secrets, Map<String, Image> built) {
        this.call = call;
        this.project = project;
        this.directory = directory;
        this.secrets = secrets;
        this.built = Map.copyOf(built);
    }

    /**
     * Puts it together.
     *
     * @param secrets as {@link #secrets} gives them
     * @param fetched brings contexts that are no directories; open as long as the build goes on
     */
    BuildRequest of(Service service, Build build, Map<String, BuildRequest.Secret> secrets, FetchedContexts fetched)
            throws IOException, CommandException {
        var contexts = new BuildContexts(directory, call.world().err(), fetched);
        refuse(service, build);
        var arguments = new LinkedHashMap<>(build.args());
        arguments.putAll(ContextBuild.arguments(given("--build-arg"), call.world()));
        var found = find(contexts, build, arguments);
        var labels = new LinkedHashMap<>(found.labels());
        labels.putAll(build.labels());
        var epoch = Optional.ofNullable(arguments.get("SOURCE_DATE_EPOCH"))
                .or(() -> call.world().variable("SOURCE_DATE_EPOCH"));
        var stages = new HashSet<String>();
        build.noCacheFilter().forEach(stage -> stages.add(stage.toLowerCase(Locale.ROOT)));
        return new BuildRequest(
                found.dockerfile(),
                build.target(),
                found.context(),
                named(contexts, service, build),
                arguments,
                labels,
                new BuildRequest.CacheUse(build.noCache() || has("--no-cache"), stages),
                build.pull() || pulls(),
                secrets,
                ContextBuild.agents(agents(build), call.world()),
                steps(service, build),
                Platform.current(),
                Builder.epoch(epoch));
    }

    private BuildContexts.Found find(BuildContexts contexts, Build build, Map<String, String> arguments)
            throws IOException, CommandException {
        Optional<Dockerfile> given = build.inlineDockerfile().isPresent()
                ? Optional.of(contexts.dockerfile(
                        "Dockerfile", build.inlineDockerfile().get().getBytes(StandardCharsets.UTF_8)))
                : Optional.empty();
        if (build.context() instanceof ContextSource.Remote(var address)) {
            switch (ContextAddress.parse(address)) {
                case ContextAddress.Web web -> {
                    return contexts.web(web, build.dockerfile(), given);
                }
                case ContextAddress.Git git -> {
                    return contexts.git(git, build.dockerfile(), given, arguments);
                }
                case ContextAddress.Directory _, ContextAddress.Input _ -> {
                    // Has no address's form: a path, as below.
                }
            }
        }
        var directory = contexts.directory(build.context().text());
        var file = build.dockerfile().map(name -> directory.resolve(name).normalize());
        return new BuildContexts.Found(
                given.isPresent() ? given.get() : contexts.dockerfile(file.orElseThrow()),
                Optional.of(contexts.context(directory, file)),
                Map.of());
    }

    /** Only some of the commands that build have the option. */
    private boolean has(String option) {
        return call.parsed().commandSpec().optionsMap().containsKey(option) && call.flag(option);
    }

    /** Of {@code build} it is about base images; {@code up --pull} is about the services' own. */
    private boolean pulls() {
        return call.parsed().commandSpec().name().equals("build") && call.flag("--pull");
    }

    private List<String> given(String option) {
        return call.parsed().commandSpec().optionsMap().containsKey(option) ? call.texts(option) : List.of();
    }

    /** What cannot be done, in a sentence each; a hint that is not followed is said. */
    private void refuse(Service service, Build build) throws CommandException {
        var place = "service \"" + service.name() + "\": build.";
        if (build.privileged()) {
            throw new CommandException(place + "privileged: a whole build is not given all rights; write RUN"
                    + " --security=insecure where it is needed, and entitlements: [security.insecure]");
        }
        if (build.isolation().isPresent()) {
            throw new CommandException(place + "isolation is of Windows; take it out");
        }
        for (var attestation :
                Map.of("sbom", build.sbom(), "provenance", build.provenance()).entrySet()) {
            if (attestation.getValue().filter(text -> !text.equals("false")).isPresent()) {
                throw new CommandException(
                        place + attestation.getKey() + ": attestations are not made yet; take it out");
            }
        }
        for (var platform : build.platforms()) {
            if (!platform.equals(Platform.current().toString())) {
                throw new CommandException(
                        place + "platforms: this host builds images of " + Platform.current() + " and not " + platform);
            }
        }
        if (!build.cacheTo().isEmpty() || !build.cacheFrom().isEmpty()) {
            call.say("Warning: " + place + "cache_from and cache_to: the cache of this host is used, and no other");
        }
    }

    private Map<String, BuildRequest.NamedContext> named(BuildContexts contexts, Service service, Build build)
            throws IOException, CommandException {
        var named = new LinkedHashMap<String, BuildRequest.NamedContext>();
        for (var entry : build.additionalContexts().entrySet()) {
            named.put(
                    entry.getKey().toLowerCase(Locale.ROOT),
                    switch (entry.getValue()) {
                        case ContextSource.OfService(var other) ->
                            new BuildRequest.NamedContext.Here(Optional.ofNullable(built.get(other))
                                    .orElseThrow(() -> new CommandException("service \"" + service.name()
                                            + "\": build.additional_contexts." + entry.getKey() + ": service \"" + other
                                            + "\" has no build section"))
                                    .digest());
                        case ContextSource.Directory(var path) -> contexts.named(path);
                        case ContextSource.Remote(var address) -> contexts.named(address);
                    });
        }
        return named;
    }

    private List<String> agents(Build build) {
        var agents = new ArrayList<String>();
        build.ssh().forEach(key -> agents.add(key.toString()));
        agents.addAll(given("--ssh"));
        return agents;
    }

    /** The secrets of a build by the ids that its steps have for them. */
    Map<String, BuildRequest.Secret> secrets(Build build) throws IOException, CommandException {
        var all = new LinkedHashMap<String, BuildRequest.Secret>();
        for (var grant : build.secrets()) {
            var id = grant.target().orElse(grant.source());
            all.put(id, new BuildRequest.Secret(secret(grant.source())));
        }
        return all;
    }

    private byte[] secret(String key) throws IOException, CommandException {
        var secret = Optional.ofNullable(project.secrets().get(key))
                .orElseThrow(() -> new CommandException("undefined secret " + key));
        return switch (secret.content()) {
            case FileContent.File(var path) -> {
                var file = directory.resolve(path).normalize();
                if (!Files.isRegularFile(file)) {
                    throw new CommandException("the secret " + key + " is the file " + file + ", which is not there");
                }
                yield Files.readAllBytes(file);
            }
            case FileContent.Inline(var text) -> text.getBytes(StandardCharsets.UTF_8);
            case FileContent.Variable(var variable, var value) ->
                value.map(Sensitive::value)
                        .orElseThrow(() -> new CommandException("the secret " + key + " is the value of the variable "
                                + variable + ", which is not set"))
                        .getBytes(StandardCharsets.UTF_8);
            case FileContent.External() ->
                secrets.find(project.name(), secret.name())
                        .orElseThrow(() -> new CommandException("the secret " + key + " is not on this host; 'lockstep"
                                + " secret set " + secret.name() + "' keeps it"));
            case FileContent.Unsaid() ->
                throw new CommandException("nothing says what the secret " + key + " contains");
        };
    }

    private static BuildRequest.StepOptions steps(Service service, Build build) throws CommandException {
        var hosts = build.extraHosts().stream()
                .map(host -> new Naming.ExtraHost(host.name(), host.address()))
                .toList();
        var limits = new LinkedHashMap<String, Rlimit>();
        build.ulimits().forEach((name, limit) -> limits.put(name, new Rlimit(limit.soft(), limit.hard())));
        for (var entitlement : build.entitlements()) {
            if (!List.of("network.host", "security.insecure").contains(entitlement)) {
                throw new CommandException("service \"" + service.name()
                        + "\": build.entitlements: there are network.host and security.insecure, not \"" + entitlement
                        + "\"");
            }
        }
        return new BuildRequest.StepOptions(
                ContextBuild.network(build.network().orElse("default")),
                hosts,
                build.shmSize().map(size -> size.bytes()),
                limits,
                build.entitlements().contains("network.host"),
                build.entitlements().contains("security.insecure"));
    }
}
