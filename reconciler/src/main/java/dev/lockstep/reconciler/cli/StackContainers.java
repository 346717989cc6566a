package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.plan.KeptName;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ObservedContainer;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The containers of a stack's services that a command means; none that {@code run} made.
 *
 * @param services all where none is named
 * @param index only this slot
 */
record StackContainers(Engine engine, String stack, List<String> services, Optional<Integer> index) {
    StackContainers {
        services = List.copyOf(services);
    }

    /** By service and slot. */
    List<ObservedContainer> all() throws IOException {
        return engine.containers().observe().stream()
                .filter(c -> c.record().spec().owner().stack().equals(stack))
                .filter(c -> !ComposeLabels.isOneOff(c.record().spec().labels()))
                .filter(c -> services.isEmpty()
                        || services.contains(c.record().spec().service()))
                .filter(c -> index.isEmpty() || index.get() == c.record().spec().slot())
                .sorted(Comparator.comparing(
                                (ObservedContainer c) -> c.record().spec().service())
                        .thenComparingInt(c -> c.record().spec().slot()))
                .toList();
    }

    /**
     * Refuses a service that nobody knows.
     *
     * @param named by the stack's files: one of these may have no container yet, and has said nothing then
     */
    void requireServices(List<String> named) throws IOException, CommandException {
        var known = new TreeSet<>(named);
        new StackContainers(engine, stack, List.of(), Optional.empty())
                .all()
                .forEach(c -> known.add(c.record().spec().service()));
        if (known.isEmpty()) {
            throw new CommandException("stack " + stack + " has no containers on this host");
        }
        for (var service : services) {
            if (!known.contains(service)) {
                throw new CommandException("stack " + stack + " has no service " + service + " on this host; it has "
                        + String.join(", ", known));
            }
        }
    }

    /** {@code web-1}, or the name of its own that a container has: whose a line is. */
    static String label(ObservedContainer container) {
        return label(container.record());
    }

    /** The same. */
    static String label(ContainerRecord container) {
        var spec = container.spec();
        var slot = spec.service() + "-" + spec.slot();
        return spec.name().equals(spec.owner().stack() + "-" + slot) || KeptName.has(container) ? slot : spec.name();
    }
}
