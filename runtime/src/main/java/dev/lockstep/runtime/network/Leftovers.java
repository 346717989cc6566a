package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.store.StateException;
import java.io.IOException;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What processes that were killed left behind of networks is found and taken away. Takes the network lock. */
final class Leftovers {
    private static final Logger log = LoggerFactory.getLogger(Leftovers.class);

    private final NetworkLock lock;
    private final NetworkNamespaces namespaces;
    private final NetworkFiles files;
    private final Bridges bridges;
    private final ContainerNames names;
    private final PublishedPorts ports;
    private final Attachments containers;
    private final SlotAddresses slots;

    Leftovers(
            NetworkLock lock,
            NetworkNamespaces namespaces,
            NetworkFiles files,
            Bridges bridges,
            ContainerNames names,
            PublishedPorts ports,
            Attachments containers,
            SlotAddresses slots) {
        this.lock = lock;
        this.namespaces = namespaces;
        this.files = files;
        this.bridges = bridges;
        this.names = names;
        this.ports = ports;
        this.containers = containers;
        this.slots = slots;
    }

    /** See {@link Networks#cleanUp}. */
    int cleanUp(Predicate<String> isLive) throws IOException {
        var removed = 0;
        for (var attachment : files.attachments()) {
            var container = attachment.request().container();
            if (!isLive.test(container)) {
                containers.detach(container);
                removed++;
            }
        }
        for (var container : files.unusable().keySet()) {
            if (!isLive.test(container)) {
                try {
                    containers.detach(container);
                    removed++;
                } catch (StateException e) {
                    log.warn("what was left of container={} stays: {}", container, e.getMessage());
                }
            }
        }
        for (var pin : files.namespaces()) {
            if (!isLive.test(pin) && !files.isAttached(pin)) {
                namespaces.delete(files.namespace(pin));
                removed++;
            }
        }
        return removed + lock.holding(this::removeStrays);
    }

    private int removeStrays() throws IOException {
        files.removeUnfinished();
        files.repair();
        slots.settleIfThereIsRoom();
        var removed = bridges.removeStrays() + ports.removeStrays() + names.removeStrays();
        var renamed = 0;
        for (var network : files.networks()) {
            renamed += names.removeStrays(network);
        }
        if (renamed > 0) {
            names.refreshForLess();
        }
        return removed + renamed;
    }
}
