package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The root's {@code network} lock: held while files, rules and names change, for nothing slow. */
final class NetworkLock {
    private static final Logger log = LoggerFactory.getLogger(NetworkLock.class);

    private final Root root;
    private final NetworkNamespaces namespaces;

    NetworkLock(Root root, NetworkNamespaces namespaces) {
        this.root = root;
        this.namespaces = namespaces;
    }

    /** Does it at home with the lock held. */
    <T> T holding(NetworkNamespaces.Action<T> action) throws IOException {
        return namespaces.home(() -> {
            try (var lock = Flock.exclusive(root.lock("network"))) {
                log.trace("holds lock={}", lock);
                return action.run();
            }
        });
    }
}
