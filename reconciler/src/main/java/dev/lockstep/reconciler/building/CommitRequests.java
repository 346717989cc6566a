package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.Recipe;
import dev.lockstep.reconciler.contexts.AttestOptions;
import dev.lockstep.reconciler.contexts.CacheOptions;
import dev.lockstep.reconciler.contexts.CommitFiles;
import dev.lockstep.reconciler.contexts.Dockerfiles;
import dev.lockstep.reconciler.contexts.FetchedContexts;
import dev.lockstep.reconciler.contexts.SectionRequest;
import dev.lockstep.reconciler.contexts.UnbuildableException;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.attest.Attestation;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.build.SshAgent;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.spec.model.Build;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.settings.BuildsEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * What a commit asks the builder for: its own files, secrets that the host keeps for its stack, and beyond that what
 * the host's owner lets builds of repositories have.
 */
final class CommitRequests {
    private static final String LABEL = "org.opencontainers.image.";
    private static final Pattern VERSION = Pattern.compile("v(?=\\d)");

    private final CommitTree tree;
    private final BuildsEntry policy;
    private final HostSecrets secrets;
    private final Consumer<String> talk;

    /** @param talk gets what is wrong with a Dockerfile, line by line, and warnings */
    CommitRequests(CommitTree tree, BuildsEntry policy, HostSecrets secrets, Consumer<String> talk) {
        this.tree = tree;
        this.policy = policy;
        this.secrets = secrets;
        this.talk = talk;
    }

    /**
     * An entry of {@code builds:}.
     *
     * @param values as {@link #secrets(Recipe.Entry, String, String)} gives them
     */
    BuildRequest of(Recipe.Entry entry, Map<String, BuildRequest.Secret> values, BuildRecord record)
            throws IOException {
        var build = entry.build();
        var platform = SectionRequest.platform("builds." + record.target() + ".platforms", build.platforms());
        var found = new CommitFiles(tree, entry.base())
                .find(build.context(), Optional.of(build.dockerfile()), Optional.empty(), new Dockerfiles(talk));
        return new BuildRequest(
                found.dockerfile(),
                build.target(),
                found.context(),
                Map.of(),
                build.arguments(),
                labels(record),
                BuildRequest.CacheUse.ALL,
                false,
                values,
                Map.of(),
                new BuildRequest.StepOptions(
                        BuildRequest.Network.DEFAULT,
                        List.of(),
                        Optional.empty(),
                        Map.of(),
                        policy.entitlements().contains("network.host"),
                        policy.entitlements().contains("security.insecure")),
                platform,
                epoch(build));
    }

    /**
     * The time that everything made gets. None unless it is asked for: it is part of what a step is known by in the
     * cache, so the commit's own would have every commit do every step again.
     */
    private Optional<Instant> epoch(dev.lockstep.spec.settings.Build build) throws IOException {
        var asked = Optional.ofNullable(build.arguments().get("SOURCE_DATE_EPOCH"));
        if (asked.isPresent()) {
            return Builder.epoch(asked);
        }
        return build.reproducible() ? Optional.of(tree.committed()) : Optional.empty();
    }

    /**
     * A service's {@code build} section.
     *
     * @param values as {@link #secrets} gives them
     * @param built images of services that were built before
     * @param fetched brings contexts of the web
     */
    BuildRequest of(
            Recipe.OfService section,
            Service service,
            Build build,
            Map<String, BuildRequest.Secret> values,
            Map<String, Image> built,
            BuildRecord record,
            FetchedContexts fetched)
            throws IOException {
        var place = "service \"" + service.name() + "\": build.";
        var asked = new TreeSet<>(SectionRequest.entitlements(build));
        asked.removeAll(policy.entitlements());
        if (!asked.isEmpty()) {
            throw new UnbuildableException(place + (build.entitlements().isEmpty() ? "network" : "entitlements")
                    + ": this host gives builds of repositories no " + String.join(" and no ", asked)
                    + "; its owner can, by entitlements below builds of agent.yaml");
        }
        return asked(section, built)
                .of(
                        service,
                        build,
                        values,
                        new SectionRequest.Additions(
                                Map.of(),
                                labels(record),
                                false,
                                false,
                                caches(place, build),
                                agents(place, build),
                                Optional.empty(),
                                Optional.empty()),
                        fetched);
    }

    /**
     * The secrets of an entry: what the host keeps for builds, as far as its owner gives it to the repository.
     *
     * @param target name of the entry
     * @param repository URL without credentials
     */
    Map<String, BuildRequest.Secret> secrets(Recipe.Entry entry, String target, String repository) throws IOException {
        var values = new LinkedHashMap<String, BuildRequest.Secret>();
        for (var asked : entry.build().secrets().entrySet()) {
            var name = asked.getValue();
            var place = "builds." + target + ".secrets: ";
            if (!policy.grants(name, repository)) {
                throw new UnbuildableException(place + "this host gives builds of " + repository + " no secret " + name
                        + "; its owner can, by secrets below builds of agent.yaml");
            }
            var value = secrets.ofBuilds()
                    .find(HostSecrets.BUILDS, name)
                    .orElseThrow(() -> new UnbuildableException(place + "the secret " + name
                            + " is not on this host; 'lockstep secret set --builds " + name + "' keeps it"));
            values.put(asked.getKey(), new BuildRequest.Secret(value));
        }
        return values;
    }

    /** The secrets of a service's build. */
    Map<String, BuildRequest.Secret> secrets(Recipe.OfService section, Build build) throws IOException {
        return asked(section, Map.of()).secrets(build);
    }

    private SectionRequest asked(Recipe.OfService section, Map<String, Image> built) {
        return new SectionRequest(section.project(), new CommitFiles(tree, section.directory()), secrets, built, talk);
    }

    /**
     * Only a cache in the image itself. What another one says of a step would count for the builds of every repository
     * of this host, and where one is written to would be for everybody to choose who can push.
     */
    private CacheOptions caches(String place, Build build) throws UnbuildableException {
        var inline = build.cacheTo().stream().filter(CacheOptions::isInline).toList();
        if (!build.cacheFrom().isEmpty()) {
            talk.accept("Warning: " + place + "cache_from: builds of repositories are made with this host's cache"
                    + " alone, since what another one says would count for the builds of all of them");
        }
        if (inline.size() < build.cacheTo().size()) {
            talk.accept("Warning: " + place + "cache_to: builds of repositories write no cache but type=inline, since"
                    + " whoever can push would choose where to");
        }
        return CacheOptions.parse(List.of(), inline, Path.of("/"), build.args(), talk);
    }

    /**
     * What the section wants to have said of its image.
     *
     * @throws UnbuildableException when it says who builds: that is this host
     */
    static List<Attestation> attestations(String service, Build build) throws UnbuildableException {
        var asked = AttestOptions.of(build);
        for (var attestation : asked) {
            if (attestation instanceof Attestation.Provenance how
                    && how.builder().isPresent()) {
                throw new UnbuildableException("service \"" + service + "\": build.provenance: builder-id is not"
                        + " for a repository to choose, since this host builds; take it out");
            }
        }
        return asked;
    }

    /** Sockets of agents that the host's owner has named; a file of a repository names none. */
    private Map<String, SshAgent> agents(String place, Build build) throws UnbuildableException {
        var agents = new TreeMap<String, SshAgent>();
        for (var key : build.ssh()) {
            if (key.path().isPresent()) {
                throw new UnbuildableException(place + "ssh: " + key
                        + " names a file of the host, which is not for a repository to choose; write " + key.id()
                        + " alone, and name the socket below builds: ssh: of agent.yaml");
            }
            var socket = Optional.ofNullable(policy.ssh().get(key.id()))
                    .orElseThrow(() -> new UnbuildableException(place + "ssh: this host has no agent \"" + key.id()
                            + "\" for builds of repositories; its owner names one by ssh below builds of agent.yaml"));
            agents.put(key.id(), new SshAgent.Socket(Path.of(socket)));
        }
        return agents;
    }

    /** What the image says of where it is from: the same for the same commit and ref. */
    private Map<String, String> labels(BuildRecord record) throws IOException {
        var ref = record.occasion().ref();
        var name = ref.replaceFirst("^refs/(heads|tags)/", "");
        var labels = new LinkedHashMap<String, String>();
        labels.put(LABEL + "created", tree.committed().toString());
        labels.put(LABEL + "ref.name", name);
        labels.put(LABEL + "revision", tree.revision().commit());
        labels.put(LABEL + "source", record.repository());
        if (ref.startsWith("refs/tags/")) {
            var version = VERSION.matcher(name);
            labels.put(LABEL + "version", version.lookingAt() ? name.substring(version.end()) : name);
        }
        return labels;
    }
}
