package dev.lockstep.runtime;

import dev.lockstep.runtime.container.Containers;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.volume.DamagedVolume;
import dev.lockstep.runtime.volume.NoSuchVolumeException;
import dev.lockstep.runtime.volume.VolumeInUseException;
import dev.lockstep.runtime.volume.VolumeRecord;
import dev.lockstep.runtime.volume.Volumes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which containers use a volume or a network of an engine; what nobody uses can be removed. */
public final class Uses {
    private final Containers containers;
    private final Volumes volumes;
    private final Once<Networks> networks;

    Uses(Containers containers, Volumes volumes, Once<Networks> networks) {
        this.containers = containers;
        this.volumes = volumes;
        this.networks = networks;
    }

    /** Containers that use the volume, running or not, by name. */
    public List<ObservedContainer> ofVolume(String volume) throws IOException {
        // Of a damaged one its name is all that is known.
        var found = damaged(volume).isPresent() ? Optional.<VolumeRecord>empty() : volumes.find(volume);
        return containers.observe().stream()
                .filter(c -> found.isPresent()
                        ? c.record().uses(found.get())
                        : c.record().volumes().contains(volume))
                .toList();
    }

    /**
     * Removes a volume that no container uses, with all that is in it, be its record damaged. Its snapshots stay.
     *
     * @throws IOException also when a container uses it, be it stopped, or when there is no such volume
     */
    public void removeVolume(String name) throws IOException {
        if (damaged(name).isEmpty() && volumes.find(name).isEmpty() && !volumes.isHalfRemoved(name)) {
            throw new NoSuchVolumeException(name);
        }
        volumes.remove(name, () -> requireUnused(name));
    }

    private Optional<DamagedVolume> damaged(String volume) throws IOException {
        return volumes.damaged(volume).filter(DamagedVolume::removable);
    }

    /**
     * Fails while a container uses the volume, be it stopped: its data is that container's.
     *
     * @throws VolumeInUseException when one does
     * @throws IOException also while nobody knows, since there is a container whose record cannot be read
     */
    public void requireUnused(String volume) throws IOException {
        for (var damaged : containers.damaged()) {
            throw new IOException("nobody knows who uses volume " + volume + ": " + damaged.sentence());
        }
        var users = ofVolume(volume);
        if (!users.isEmpty()) {
            throw new VolumeInUseException("volume " + volume + " is in use by " + names(users)
                    + "; remove what uses it first ('lockstep down', or 'lockstep container rm')");
        }
    }

    /** Containers that are on the network when they run, by name. */
    public List<ObservedContainer> ofNetwork(String network) throws IOException {
        return containers.observe().stream()
                .filter(c -> c.record().spec().networks().stream()
                        .anyMatch(n -> n.network().equals(network)))
                .toList();
    }

    /**
     * Removes a network that no container is on.
     *
     * @throws IOException also when one is, be it stopped: it could not be started any more
     */
    public void removeNetwork(String name) throws IOException {
        var users = ofNetwork(name);
        if (!users.isEmpty()) {
            throw new IOException("network " + name + " is in use by " + names(users)
                    + "; take them off it ('lockstep network disconnect'), or remove them first");
        }
        networks.get().remove(name);
    }

    /**
     * Fails while a container runs, or is being started, that uses the volume: it would keep what it has open.
     *
     * @param remedy what to do about it, the end of a sentence
     */
    public void requireIdle(String volume, String remedy) throws IOException {
        var running = new ArrayList<ObservedContainer>();
        for (var user : ofVolume(volume)) {
            if (user.isRunning() || containers.isStarting(user.id())) {
                running.add(user);
            }
        }
        if (!running.isEmpty()) {
            throw new IOException(
                    "volume " + volume + " is in use by containers that run: " + names(running) + "; " + remedy);
        }
    }

    private static String names(List<ObservedContainer> containers) {
        return containers.stream().map(ObservedContainer::name).collect(Collectors.joining(", "));
    }
}
