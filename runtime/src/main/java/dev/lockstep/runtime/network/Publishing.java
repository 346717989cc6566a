package dev.lockstep.runtime.network;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Ports of the host come to lead to containers that are attached, and cease to. Takes the network lock. */
final class Publishing {
    private final NetworkLock lock;
    private final NetworkFiles files;
    private final PublishedPorts ports;

    Publishing(NetworkLock lock, NetworkFiles files, PublishedPorts ports) {
        this.lock = lock;
        this.files = files;
        this.ports = ports;
    }

    /** See {@link Networks#publish}. */
    List<PublishedPort> publish(String container, List<PublishedPort> wanted) throws IOException {
        return lock.holding(() -> {
            var attachment = files.attachment(container)
                    .orElseThrow(() -> new NetworkException("container " + container + " is on no network"));
            return ports.publish(attachment, wanted);
        });
    }

    /** See {@link Networks#unpublish}. */
    void unpublish(String container) throws IOException {
        lock.holding(() -> {
            ports.withdraw(container);
            return Optional.empty();
        });
    }

    /** See {@link Networks#movePorts}. */
    void movePorts(String from, String to) throws IOException {
        lock.holding(() -> {
            var attachment = files.attachment(to)
                    .orElseThrow(() -> new NetworkException("container " + to + " is on no network"));
            ports.move(from, attachment);
            return Optional.empty();
        });
    }
}
