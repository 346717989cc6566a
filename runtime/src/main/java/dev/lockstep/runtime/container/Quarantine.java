package dev.lockstep.runtime.container;

import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Sets containers aside whose record is damaged: nothing of them runs any more, their name is free, and what they wrote
 * and logged lies where a person can look at it. Volumes are not touched.
 */
final class Quarantine {
    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;
    private final Teardown teardown;

    Quarantine(ContainerRooms rooms, ContainerStore store, Host host, Teardown teardown) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
        this.teardown = teardown;
    }

    /**
     * Sets it aside; its lock is held.
     *
     * @param attached whether it may have a network that nobody else takes away
     * @return where it is now
     */
    Path setAside(DamagedContainer damaged, boolean attached) throws IOException {
        var files = store.files(damaged.id());
        ContainerTree.letGo(rooms.root(), damaged.id());
        teardown.run(files, store.run(damaged.id(), host.bootId()), attached);
        Files.deleteIfExists(files.restartMarker());
        var all = Root.directory(rooms.root().state().resolve("quarantine"));
        Files.setPosixFilePermissions(all, PosixFilePermissions.fromString("rwx------"));
        var place = all.resolve(damaged.id());
        AtomicFiles.publish(files.state(), place);
        store.freeNames();
        return place;
    }
}
