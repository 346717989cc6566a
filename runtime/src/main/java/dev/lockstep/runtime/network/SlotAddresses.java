package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.NoSpace;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Addresses are kept for slots, checked and given free; a container that comes is given its own by {@link Attachments}.
 * Takes the network lock.
 */
final class SlotAddresses {
    private static final Logger log = LoggerFactory.getLogger(SlotAddresses.class);

    private final NetworkLock lock;
    private final NetworkFiles files;

    SlotAddresses(NetworkLock lock, NetworkFiles files) {
        this.lock = lock;
        this.files = files;
    }

    /** See {@link Networks#release(LeaseKey)}. */
    void release(LeaseKey key) throws IOException {
        lock.holding(() -> {
            for (var network : files.networks()) {
                writeIfChanged(network, Leases.release(network, key));
            }
            return Optional.empty();
        });
    }

    /** See {@link Networks#release(String, LeaseKey)}. */
    void release(String name, LeaseKey key) throws IOException {
        lock.holding(() -> {
            var network = files.network(name);
            if (network.isPresent()) {
                writeIfChanged(network.get(), Leases.release(network.get(), key, id -> files.isAttached(id, name)));
            }
            return Optional.empty();
        });
    }

    private void writeIfChanged(NetworkRecord network, NetworkRecord released) throws IOException {
        if (!released.equals(network)) {
            files.writeGiven(released);
        }
    }

    /** See {@link Networks#check}. */
    void check(LeaseKey key, AttachmentSpec attachment) throws IOException {
        var network = files.existing(attachment.network());
        for (var address : attachment.addresses()) {
            Leases.giveFixed(network, key, "", address, id -> files.isAttached(id, network.name()));
        }
    }

    /** See {@link Networks#reserve}. */
    void reserve(String name, Map<IpAddress, LeaseKey> slots) throws IOException {
        lock.holding(() -> {
            var found = files.network(name);
            if (found.isPresent()) {
                var reserved = found.get();
                for (var wanted : slots.entrySet()) {
                    reserved = Leases.reserve(
                            reserved, wanted.getValue(), wanted.getKey(), id -> files.isAttached(id, name));
                }
                if (!reserved.equals(found.get())) {
                    files.write(reserved);
                }
            }
            return Optional.empty();
        });
    }

    /** See {@link Networks#settle}. */
    void settle() throws IOException {
        if (files.hasGiven()) {
            lock.holding(() -> {
                settleIfThereIsRoom();
                return Optional.empty();
            });
        }
    }

    /** Or nothing could be stopped on a full disk. The lock is held. */
    void settleIfThereIsRoom() throws IOException {
        try {
            files.settle();
        } catch (IOException e) {
            if (!NoSpace.isWhy(e)) {
                throw e;
            }
            log.info("addresses given out are not durable yet error={}", e.toString());
        }
    }
}
