package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Flock;
import java.io.IOException;
import java.nio.file.Files;

/**
 * Containers that go with their end, as {@code run --rm} asks for it. Who waits for the end holds a lock and removes
 * the container; when that process is killed, or leaves the container to itself, the on-exit script or an agent does
 * it.
 */
final class SelfRemoval {
    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Ending ending;
    private final Removal removal;
    private final OnExitScript onExit;

    SelfRemoval(ContainerRooms rooms, ContainerStore store, Ending ending, Removal removal, OnExitScript onExit) {
        this.rooms = rooms;
        this.store = store;
        this.ending = ending;
        this.removal = removal;
        this.onExit = onExit;
    }

    /** From now on it goes with its end; whoever closes the result does not wait for that any more. */
    Containers.Attendance ask(String id) throws IOException {
        var files = store.files(id);
        Files.createFile(files.removeMarker());
        var attended = Flock.lasting(files.attended());
        return () -> {
            Files.deleteIfExists(files.attended());
            attended.close();
            // Had it ended a moment ago, the script would have found it attended.
            if (Files.exists(files.exit()) && Files.exists(files.removeMarker())) {
                onExit.runDetached(id);
            }
        };
    }

    boolean isAsked(String id) {
        return Files.exists(store.files(id).removeMarker());
    }

    /** Whether somebody waits for its end, and will remove it. */
    boolean isAttended(String id) throws IOException {
        var file = store.files(id).attended();
        if (Files.notExists(file)) {
            return false;
        }
        var free = Flock.tryShared(file);
        free.ifPresent(Flock::close);
        return free.isEmpty();
    }

    /** As {@link Containers#removeEnded}: takes the lock. */
    boolean removeEnded(String id) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.record(id);
            if (record.isEmpty()
                    || !isAsked(id)
                    || isAttended(id)
                    || ending.finish(record.get()).isEmpty()) {
                return false;
            }
            remove(record.get());
        }
        removal.removed(id);
        return true;
    }

    /** Removes one that has ended and been put away; its lock is held. */
    void remove(ContainerRecord record) throws IOException {
        removal.remove(record, true);
        Files.deleteIfExists(store.files(record.id()).attended());
        var spec = record.spec();
        if (!spec.networks().isEmpty() && spec.service().isEmpty()) {
            rooms.networks().get().release(record.leaseKey());
        }
    }
}
