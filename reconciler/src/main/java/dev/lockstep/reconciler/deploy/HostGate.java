package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.BindSources;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.store.Owner;
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

/**
 * What a stack asks of this host, held to what the host's owner and the stack's repository allow it. Reads of the host
 * what is needed to know what is asked for: whether a path is a socket, and whose a volume is.
 *
 * @param confinement what holds
 * @param ownUsers whether containers have users of their own where the files do not say it
 */
record HostGate(Confinement confinement, boolean ownUsers, Observed observed) {
    private static final int FILE_TYPE = 0170000;
    private static final int SOCKET = 0140000;

    /**
     * What is asked for and not allowed, each a sentence with its place.
     *
     * @param repository that the stack comes from
     */
    List<String> refusals(Project project, Optional<String> repository) {
        if (confinement.isNone()) {
            return List.of();
        }
        var demands = Demands.of(project, ownUsers, HostGate::isSocket).stream()
                .filter(demand -> !isShared(demand, repository))
                .toList();
        var problems = new ArrayList<>(confinement.refusals(demands, project.sources()));
        for (var volume : project.volumes().values()) {
            var device = volume.driverOptions().getOrDefault("device", "");
            if (!volume.external() && volume.bindsDirectory() && device.startsWith("/")) {
                var path = "volumes." + volume.key() + ".driver_opts.device";
                linkOn(Path.of("/"), Path.of(device).normalize())
                        .ifPresent(link -> problems.add(new Problem(
                                project.sources().at(path),
                                path,
                                link + " is a link, and none is followed to a volume of a repository. Name what it"
                                        + " leads to")));
            }
        }
        return problems.stream().map(Problem::toString).toList();
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

    /** One that is there is looked at, wherever links lead; one that is not yet goes by its name. */
    private static boolean isSocket(String path) {
        try {
            return ((int) Files.getAttribute(Path.of(path), "unix:mode") & FILE_TYPE) == SOCKET;
        } catch (IOException e) {
            return path.endsWith(".sock");
        }
    }

    /**
     * Stacks of one repository may share what they have: who writes one writes the other. A network that somebody made
     * by hand is there to be joined. What does not exist is another's to complain about, but for containers, which may
     * come to be while others start.
     */
    private boolean isShared(Demand demand, Optional<String> repository) {
        if (demand.subject() != Subject.EXTERNAL) {
            return false;
        }
        var name = demand.value().substring(demand.value().indexOf(':') + 1);
        var kind = demand.value().substring(0, demand.value().indexOf(':'));
        return switch (kind) {
            case "network" ->
                observed.network(name)
                        .map(network -> network.record().spec().owner())
                        .map(owner -> owner.stack().isEmpty() || isSame(owner, repository))
                        .orElse(true);
            case "volume" ->
                observed.volume(name)
                        .map(volume -> isSame(volume.spec().owner(), repository))
                        .orElse(true);
            default ->
                observed.containers().stream()
                        .filter(container -> container.name().equals(name))
                        .anyMatch(container -> isSame(container.record().spec().owner(), repository));
        };
    }

    private static boolean isSame(Owner owner, Optional<String> repository) {
        return repository.isPresent() && owner.repository().equals(repository);
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
        if (base.isEmpty() || isSocket(path.toString())) {
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
