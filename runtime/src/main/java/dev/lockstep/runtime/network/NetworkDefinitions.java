package dev.lockstep.runtime.network;

import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Networks are defined, looked after and removed, each for itself. Takes the network lock. */
final class NetworkDefinitions {
    private static final Logger log = LoggerFactory.getLogger(NetworkDefinitions.class);

    private final NetworkLock lock;
    private final NetworkFiles files;
    private final AddressSpace addresses;
    private final Bridges bridges;

    NetworkDefinitions(NetworkLock lock, NetworkFiles files, AddressSpace addresses, Bridges bridges) {
        this.lock = lock;
        this.files = files;
        this.addresses = addresses;
        this.bridges = bridges;
    }

    /** See {@link Networks#create}. */
    NetworkRecord create(NetworkSpec spec) throws IOException {
        return lock.holding(() -> {
            if (files.network(spec.name()).isPresent()) {
                throw new NetworkException("network " + spec.name() + " exists already");
            }
            for (var damaged : files.damaged()) {
                if (damaged.name().equals(spec.name())) {
                    throw new NetworkException(damaged.sentence());
                }
            }
            return bridges.create(spec);
        });
    }

    /** See {@link Networks#remove}. */
    void remove(String name) throws IOException {
        lock.holding(() -> {
            var network = files.network(name);
            if (network.isPresent()) {
                var attached = files.attachments().stream()
                        .filter(a ->
                                a.endpoints().stream().anyMatch(e -> e.network().equals(name)))
                        .map(a -> a.request().container())
                        .toList();
                if (!attached.isEmpty()) {
                    throw new NetworkException("network " + name + " has containers: " + String.join(", ", attached));
                }
                bridges.takeDown(network.get());
                log.info("removed network={}", name);
            }
            return Optional.empty();
        });
    }

    /** See {@link Networks#updateRecord}. */
    void updateRecord(NetworkSpec spec) throws IOException {
        lock.holding(() -> {
            files.write(files.existing(spec.name()).withSpec(spec));
            return Optional.empty();
        });
    }

    /** See {@link Networks#conflictOf}. */
    Optional<String> conflictOf(NetworkSpec spec) throws IOException {
        // Without the lock: whoever makes the network looks again under it.
        var obstacle = bridges.obstacle(spec);
        return obstacle.isPresent() || spec.subnets().isEmpty() ? obstacle : addresses.obstacle(spec);
    }

    /** See {@link Networks#ensure}. */
    void ensure(String name) throws IOException {
        lock.holding(() -> {
            bridges.ensureUp(files.existing(name));
            return Optional.empty();
        });
    }
}
