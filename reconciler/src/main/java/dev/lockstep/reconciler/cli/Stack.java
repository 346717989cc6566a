package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.yaml.Suggestion;
import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The stack that a command on services is about.
 *
 * @param name of the stack
 * @param services those that the files here name, in their order
 * @param byName it is named by {@code -p} alone: then the files here may be of another
 */
record Stack(String name, List<String> services, boolean byName) {
    Stack {
        services = List.copyOf(services);
    }

    /** By files where there are some, else by the name that was given. */
    static Stack of(Invocation call) throws CommandException {
        var files = new ProjectFiles(call);
        var given = files.givenName();
        var byName = call.globals().projectName().isPresent()
                && call.globals().files().isEmpty();
        return switch (files.load()) {
            case Loaded.Valid valid -> {
                var services = new TreeSet<>(valid.project().services().keySet());
                services.addAll(valid.project().disabled().keySet());
                yield new Stack(given.orElse(valid.project().name()), List.copyOf(services), byName);
            }
            // What runs can be stopped although its file is broken, by who says which stack is meant.
            case Loaded.Invalid _ when given.isPresent() -> new Stack(given.get(), List.of(), byName);
            case Loaded.Invalid _ -> new Stack(files.name(), List.of(), byName); // says what is wrong
        };
    }

    /** Whether its files no longer name the service; as with Compose, none is where they are not asked. */
    boolean isOrphan(String service) {
        return !byName && !services.isEmpty() && !services.contains(service);
    }

    /** Which containers a command is about. */
    enum Which {
        /** Those of slots of services. */
        OF_SERVICES,
        /** Those that {@code run} made, too. */
        ALL
    }

    /** The service that a container was made for. */
    static String service(ObservedContainer container) {
        var spec = container.record().spec();
        return spec.service().isEmpty() ? ComposeLabels.service(spec.labels()) : spec.service();
    }

    private static boolean isOneOff(ObservedContainer container) {
        return ComposeLabels.isOneOff(container.record().spec().labels());
    }

    /**
     * The stack's containers, by name.
     *
     * @param wanted services; none is all
     * @throws CommandException when neither a file nor a container knows such a service
     */
    List<ObservedContainer> containers(Engine engine, List<String> wanted, Which which)
            throws IOException, CommandException {
        var all = engine.containers().observe().stream()
                .filter(c -> c.record().spec().owner().stack().equals(name))
                .filter(c -> c.record().phase() == ContainerRecord.Phase.CREATED)
                .toList();
        var known = new TreeSet<>(services);
        all.forEach(c -> known.add(service(c)));
        require(wanted, known);
        return all.stream()
                .filter(c -> which == Which.ALL || !isOneOff(c))
                .filter(c -> wanted.isEmpty() || wanted.contains(service(c)))
                .sorted(Comparator.comparing(Stack::service)
                        .thenComparingInt(c -> c.record().spec().slot())
                        .thenComparing(ObservedContainer::name))
                .toList();
    }

    /** Refuses services that nobody knows. */
    static void require(Collection<String> wanted, Set<String> known) throws CommandException {
        for (var service : wanted) {
            if (!known.contains(service)) {
                throw new CommandException("no such service: " + service
                        + Suggestion.nearest(service, known)
                                .map(near -> ". Did you mean \"" + near + "\"?")
                                .orElse(""));
            }
        }
    }

    /**
     * One container of a service.
     *
     * @param index its number; absent: the first that runs
     */
    ObservedContainer running(Engine engine, String service, Optional<Integer> index)
            throws IOException, CommandException {
        return containers(engine, List.of(service), Which.OF_SERVICES).stream()
                .filter(c -> index.isEmpty() || index.get() == c.record().spec().slot())
                .filter(ObservedContainer::isRunning)
                .findFirst()
                .orElseThrow(() -> new CommandException("service \"" + service + "\" is not running"
                        + index.map(i -> " container #" + i).orElse("")));
    }
}
