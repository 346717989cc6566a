package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.BindSources;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.history.HostDemand;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.reconciler.plan.Ownership;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.StorageOptions;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.policy.Confinement;
import dev.lockstep.spec.policy.Demand;
import dev.lockstep.spec.policy.Demands;
import dev.lockstep.spec.policy.Subject;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a stack asks of this host, held to what the host's owner and the stack's repository allow it. Reads of the host
 * what is needed to know what is asked for: whether a path is a socket, and whose a volume is.
 *
 * @param confinement what holds
 * @param ownUsers whether containers have users of their own where the files do not say it
 * @param formerly URLs that the stack's repository had before, without credentials
 */
record HostGate(Confinement confinement, boolean ownUsers, Observed observed, Set<String> formerly) {
    /** What the files of a project ask for; nothing where nothing is held to anything. */
    List<HostDemand> demands(Project project) {
        return confinement.isNone()
                ? List.of()
                : HostDemand.of(Demands.of(project, ownUsers, HostSockets::isSocket), project.sources());
    }

    /** What is asked for and not allowed, each a sentence with its place. */
    List<String> refusals(List<HostDemand> asked, Desired desired) {
        if (confinement.isNone()) {
            return List.of();
        }
        var ownership = new Ownership(desired.owner(), formerly);
        var demands = asked.stream()
                .map(HostDemand::demand)
                .filter(demand -> !isShared(demand, ownership))
                .toList();
        var places = HostDemand.places(asked);
        var problems = new ArrayList<>(confinement.refusals(demands, places));
        problems.addAll(confinement.refusals(ofOthers(desired, ownership), desired.sources()));
        problems.addAll(confinement.refusals(
                containersOfOthers(desired, ownership).stream()
                        .filter(demand -> demands.stream().noneMatch(said -> isSame(said, demand)))
                        .toList(),
                desired.sources()));
        asked.stream()
                .map(HostDemand::demand)
                .filter(HostGate::isVolumesSource)
                .forEach(
                        demand -> linkOn(Path.of("/"), Path.of(demand.value()))
                                .ifPresent(
                                        link -> problems.add(
                                                new Problem(
                                                        places.at(demand.path()),
                                                        demand.path(),
                                                        link
                                                                + " is a link, and none is followed to a volume of a repository. Name what it leads to"))));
        return problems.stream().map(HostGate::sentence).toList();
    }

    /** Of what is gone back to not every place is known. */
    private static String sentence(Problem problem) {
        return problem.at().isDefault() ? problem.path() + ": " + problem.message() : problem.toString();
    }

    /**
     * The same of a revision that was here before. What it asked for was allowed then; what counts is whether it is
     * now. Where nobody wrote it down, nobody knows.
     *
     * @param desired what the revision is as something to plan for
     */
    List<String> refusals(StackRevision revision, Desired desired) {
        if (confinement.isNone() || revision.demands().isEmpty() && !revision.isOfRepository()) {
            return List.of();
        }
        return revision.demands()
                .map(asked -> refusals(asked, desired))
                .orElseGet(() -> List.of("what " + revision.title()
                        + " asks of this host is not written down, so that nobody knows whether it may still ask for"
                        + " it"));
    }

    /** Whether it is what a volume mounts of the host, by whatever words of mount(8). */
    private static boolean isVolumesSource(Demand demand) {
        return (demand.subject() == Subject.BIND_SOURCES || demand.subject() == Subject.SOCKETS)
                && demand.path().startsWith("volumes.")
                && demand.value().startsWith("/");
    }

    /** The first link on the way up from a path to a directory above it. */
    private static Optional<Path> linkOn(Path above, Path path) {
        for (var at = Optional.of(path); at.isPresent() && !at.get().equals(above); at = parent(at.get())) {
            if (Files.isSymbolicLink(at.get())) {
                return at;
            }
        }
        return Optional.empty();
    }

    private static Optional<Path> parent(Path path) {
        return Optional.ofNullable(path.getParent());
    }

    /**
     * What is there already under the name that the stack has for one of its own, and is another's: whether the files
     * say so or not makes no difference.
     */
    private List<Demand> ofOthers(Desired desired, Ownership ownership) {
        var demands = new ArrayList<Demand>();
        for (var network : desired.networks()) {
            if (!network.external() && isOfOthers(network.spec().name(), ownership)) {
                demands.add(
                        new Demand(Subject.EXTERNAL, "network:" + network.spec().name(), "networks." + network.key()));
            }
        }
        for (var volume : desired.volumes()) {
            var owner = observed.volume(volume.spec().name())
                    .map(found -> found.spec().owner());
            if (!volume.external()
                    && owner.filter(theirs -> !ownership.isOwn(theirs) && !ownership.isOfSameRepository(theirs))
                            .isPresent()) {
                demands.add(
                        new Demand(Subject.EXTERNAL, "volume:" + volume.spec().name(), "volumes." + volume.key()));
            }
        }
        return demands;
    }

    /**
     * Containers that the engine finds by the names that containers of the stack enter or take mounts of, and that are
     * others'. By its files such a name may be the stack's own: that of a service without a container here
     * ({@code replicas: 0}), or a number too many of one.
     */
    private List<Demand> containersOfOthers(Desired desired, Ownership ownership) {
        return desired.services().stream()
                .flatMap(service -> service.slots().stream()
                        .flatMap(slot -> sharedWith(slot.spec()))
                        .distinct()
                        .filter(name -> found(name)
                                .map(found -> found.record().spec().owner())
                                .filter(owner -> !ownership.isOwn(owner) && !ownership.isOfSameRepository(owner))
                                .isPresent())
                        .map(name -> new Demand(Subject.EXTERNAL, "container:" + name, "services." + service.name())))
                .toList();
    }

    private static Stream<String> sharedWith(ContainerSpec spec) {
        return Stream.concat(
                spec.options().isolation().namespaces().joined().stream(),
                spec.options().storage().volumesFrom().stream().map(StorageOptions.VolumesFrom::container));
    }

    /** As the engine does: by its name, else by how its id begins. */
    private Optional<ObservedContainer> found(String name) {
        return observed.containers().stream()
                .filter(container -> container.name().equals(name))
                .findFirst()
                .or(() -> observed.containers().stream()
                        .filter(container -> container.id().startsWith(name))
                        .findFirst());
    }

    private static boolean isSame(Demand one, Demand other) {
        return one.subject() == other.subject() && one.value().equals(other.value());
    }

    /** A network that somebody made by hand is there to be joined. */
    private boolean isOfOthers(String network, Ownership ownership) {
        return observed.network(network)
                .map(found -> found.record().spec().owner())
                .filter(owner -> !owner.stack().isEmpty())
                .filter(owner -> !ownership.isOwn(owner) && !ownership.isOfSameRepository(owner))
                .isPresent();
    }

    /**
     * Stacks of one repository may share what they have: who writes one writes the other. What does not exist is
     * another's to complain about, but for containers, which may come to be while others start.
     */
    private boolean isShared(Demand demand, Ownership ownership) {
        if (demand.subject() != Subject.EXTERNAL) {
            return false;
        }
        var name = demand.value().substring(demand.value().indexOf(':') + 1);
        var kind = demand.value().substring(0, demand.value().indexOf(':'));
        return switch (kind) {
            case "network" ->
                observed.network(name)
                        .map(network -> network.record().spec().owner())
                        .map(owner -> owner.stack().isEmpty() || ownership.isOfSameRepository(owner))
                        .orElse(true);
            case "volume" ->
                observed.volume(name)
                        .map(volume ->
                                ownership.isOfSameRepository(volume.spec().owner()))
                        .orElse(true);
            default ->
                observed.containers().stream()
                        .filter(container -> container.name().equals(name))
                        .anyMatch(container -> ownership.isOfSameRepository(
                                container.record().spec().owner()));
        };
    }

    /** Sources of the host, none of which is found through a link that a container may have put there. */
    BindSources confined(BindSources sources) {
        return confinement.isNone()
                ? sources
                : source -> source.startsWith("/") ? confined(sources.find(source)) : sources.find(source);
    }

    private BindSources.Source confined(BindSources.Source source) throws IOException {
        var path = source.path().normalize();
        var base = source.base().isPresent() ? Optional.<Path>empty() : confinement.base(path);
        if (base.isEmpty() || HostSockets.isSocket(path.toString())) {
            return source;
        }
        var link = linkOn(base.get(), path);
        if (link.isPresent()) {
            throw new IOException(link.get() + " is a link, and below " + base.get() + ", where containers may write,"
                    + " none is followed. Name what it leads to, and allow that below bind-sources of the host");
        }
        return new BindSources.Source(path, source.identity(), base);
    }
}
