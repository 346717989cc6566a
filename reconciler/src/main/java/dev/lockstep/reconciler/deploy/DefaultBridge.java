package dev.lockstep.reconciler.deploy;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.store.Owner;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The one network of containers that belong to no stack. It is made with the first and goes with the last, whoever
 * takes that away: a command, the on-exit script or an agent. One lock, taken before all of the engine's, keeps it
 * there for a container that is just being made.
 */
public final class DefaultBridge {
    /** What it is called, as with Docker. */
    public static final String NAME = "bridge";

    private final Engine engine;

    /** Of that root. */
    public DefaultBridge(Engine engine) {
        this.engine = engine;
    }

    /** Makes a container. */
    @FunctionalInterface
    public interface Making {
        /** The container, on the network or not. */
        ContainerRecord make() throws IOException;
    }

    /**
     * Makes a container that is on it, and the network where it is missing; on failure it goes if nobody else has it.
     */
    public ContainerRecord with(Owner owner, Making making) throws IOException {
        try (var _ = Flock.exclusive(lock())) {
            if (engine.networks().find(NAME).isEmpty()) {
                engine.networks().create(NetworkSpec.plain(NAME, owner));
            }
            var made = false;
            try {
                var record = making.make();
                made = true;
                return record;
            } finally {
                if (!made) {
                    removeUnlessUsed();
                }
            }
        }
    }

    /** Removes it when no container is on it. */
    public void removeIfUnused() throws IOException {
        if (engine.networks().find(NAME).isPresent()) {
            try (var _ = Flock.exclusive(lock())) {
                removeUnlessUsed();
            }
        }
    }

    /**
     * Removes a container, running or not; of one that belongs to no service its addresses, and the network if it was
     * the last, go with it.
     *
     * @param volumes whether its anonymous volumes go as well
     */
    public void remove(ContainerRecord container, boolean volumes) throws IOException {
        var spec = container.spec();
        engine.containers().finishExit(container.id());
        engine.containers().remove(container.id(), true, volumes);
        if (spec.service().isEmpty() && !spec.networks().isEmpty()) {
            engine.networks().release(container.leaseKey());
        }
        if (spec.owner().stack().isEmpty()) {
            removeIfUnused();
        }
    }

    /** One that a stack has made under that name is the stack's. */
    private void removeUnlessUsed() throws IOException {
        var network = engine.networks().find(NAME);
        if (network.isPresent()
                && network.get().spec().owner().stack().isEmpty()
                && engine.containers().observe().stream()
                        .flatMap(container -> container.record().spec().networks().stream())
                        .noneMatch(attachment -> attachment.network().equals(NAME))) {
            engine.networks().remove(NAME);
        }
    }

    private Path lock() throws IOException {
        return engine.root().lock("default-bridge");
    }
}
