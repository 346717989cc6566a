package dev.lockstep.runtime.build;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.network.AttachRequest;
import dev.lockstep.runtime.network.Attached;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.LeaseKey;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The network of steps. It is made for the first of them and goes with the last, in whatever process: each holds a
 * shared lock, and whoever gets it alone is the last.
 */
final class StepNetwork implements AutoCloseable {
    private static final String NAME = "lockstep-build";

    private final Networks networks;
    private final Path lockFile;
    private final String container;
    private final LeaseKey key;
    private final Attached attached;
    private final Flock lock;

    private StepNetwork(
            Networks networks, Path lockFile, String container, LeaseKey key, Attached attached, Flock lock) {
        this.networks = networks;
        this.lockFile = lockFile;
        this.container = container;
        this.key = key;
        this.attached = attached;
        this.lock = lock;
    }

    /**
     * Puts a step on it.
     *
     * @throws BuildCancelledException when it was called off while others made it or took it away
     */
    static StepNetwork attach(Networks networks, Root root, String host, String container, Cancellation cancellation)
            throws IOException {
        var lockFile = root.lock("build-network");
        var lock = held(networks, root, host, lockFile, cancellation);
        var key = new LeaseKey("", "build-" + container.substring(0, 12), 1);
        try {
            var attached = networks.attach(new AttachRequest(
                    container,
                    key,
                    List.of(new AttachmentSpec(NAME, List.of(), List.of(), 0)),
                    List.of(container.substring(0, 12)),
                    List.of()));
            return new StepNetwork(networks, lockFile, container, key, attached, lock);
        } catch (IOException | RuntimeException e) {
            try {
                clear(networks, container);
            } catch (IOException undo) {
                e.addSuppressed(undo);
            }
            leave(networks, lockFile, lock);
            throw e;
        }
    }

    /** The shared lock, with the network there. */
    private static Flock held(Networks networks, Root root, String host, Path lockFile, Cancellation cancellation)
            throws IOException {
        var making = root.lock("build-network-making");
        // One at a time: else two find it missing and both make it.
        try (var _ = cancellation.await(() -> Flock.tryExclusive(making))) {
            var lock = cancellation.await(() -> Flock.tryShared(lockFile));
            try {
                if (networks.find(NAME).isEmpty()) {
                    networks.create(NetworkSpec.plain(NAME, new Owner(host, "", Optional.empty())));
                }
                return lock;
            } catch (IOException | RuntimeException e) {
                lock.close();
                throw e;
            }
        }
    }

    Attached attached() {
        return attached;
    }

    /** Takes a killed process's step off it. */
    static void clear(Networks networks, String container) throws IOException {
        networks.detach(container);
        networks.release(new LeaseKey("", "build-" + container.substring(0, 12), 1));
    }

    /** Removes the network where no step is on it. */
    static void removeIfUnused(Networks networks, Root root) throws IOException {
        try (var alone = Flock.tryExclusive(root.lock("build-network")).orElse(null)) {
            if (alone != null && networks.find(NAME).isPresent()) {
                networks.remove(NAME);
            }
        }
    }

    private static void leave(Networks networks, Path lockFile, Flock lock) throws IOException {
        lock.close();
        try (var alone = Flock.tryExclusive(lockFile).orElse(null)) {
            if (alone != null && networks.find(NAME).isPresent()) {
                networks.remove(NAME);
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            networks.detach(container);
            networks.release(key);
        } finally {
            leave(networks, lockFile, lock);
        }
    }
}
