package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;

/** Removes containers, in any phase. */
final class Removal {
    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;
    private final RunRoot runRoot;
    private final Ending ending;
    private final Teardown teardown;

    Removal(ContainerRooms rooms, ContainerStore store, Host host, RunRoot runRoot, Ending ending, Teardown teardown) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
        this.runRoot = runRoot;
        this.ending = ending;
        this.teardown = teardown;
    }

    /** As {@link Containers#remove}: takes the lock. */
    void remove(String id, boolean force, boolean anonymousVolumes) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.require(id);
            if (record.phase() == ContainerRecord.Phase.CREATED
                    && store.run(id, host.bootId()).filter(Run::isAlive).isPresent()) {
                if (!force) {
                    throw ContainerException.conflict(
                            record.spec().name(), "is running. Stop it first, or remove it by force");
                }
                ending.end(record, Signal.KILL, Duration.ZERO);
            }
            remove(record, anonymousVolumes);
        }
        removed(id);
    }

    /** What goes when a container is gone and its lock is free. */
    void removed(String id) throws IOException {
        Files.deleteIfExists(store.files(id).lock());
        runRoot.leave(host.cgroups());
    }

    /** Removes everything of it; its lock is held, and it must not run unless it is not whole. */
    void remove(ContainerRecord record, boolean anonymousVolumes) throws IOException {
        var files = store.files(record.id());
        ContainerTree.letGo(rooms.root(), record.id());
        if (record.phase() == ContainerRecord.Phase.CREATED) {
            store.writeRemoving(record);
        }
        rooms.failPoint().reached(FailPoint.Step.REMOVE_RECORDED);
        if (store.hasRun(record.id())) {
            teardown.run(
                    files,
                    store.run(record.id(), host.bootId()),
                    !record.spec().networks().isEmpty());
        }
        StorageLimits.release(files, record.spec());
        for (var part : new java.nio.file.Path[] {
            files.upper(), files.work(), files.log().directory()
        }) {
            Teardown.removeTree(part);
        }
        rooms.failPoint().reached(FailPoint.Step.REMOVE_FILES);
        if (anonymousVolumes && record.effective().isPresent()) {
            for (var volume : record.effective().get().anonymousVolumes().values()) {
                rooms.volumes().removeUnless(volume, () -> isShared(volume, record));
            }
        }
        if (record.phase() == ContainerRecord.Phase.CREATING) {
            rooms.volumes().removeAnonymousOf(record.id()); // which nobody else ever finds
        }
        store.forget(record);
        rooms.events().tell(record, "destroy");
        Teardown.removeTree(files.state());
        store.collect(rooms.contents());
    }

    /** Whether another container has it too, by {@code volumes_from}, or may have it for all that is known. */
    private boolean isShared(String volume, ContainerRecord record) throws IOException {
        if (!store.damaged().isEmpty()) {
            return true;
        }
        return store.list().stream()
                .anyMatch(other -> !other.id().equals(record.id())
                        && (other.volumes().contains(volume) || isBeingMadeWith(other, record)));
    }

    /** What a container that is being made will have of others is not in its record yet. */
    private static boolean isBeingMadeWith(ContainerRecord other, ContainerRecord record) {
        return other.phase() == ContainerRecord.Phase.CREATING
                && other.spec().options().storage().volumesFrom().stream()
                        .anyMatch(from -> record.isCalled(from.container()));
    }
}
