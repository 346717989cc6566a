package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.StateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;

/**
 * Brings a root back into order after a process of ours was killed. Only what is not whole is touched: a container that
 * runs and is recorded is left alone, and one whose lock somebody holds is somebody's business.
 */
final class CleanUpAfterCrash {
    /** By then a program has a pid, or will have none. */
    private static final Duration SESSION_BEGINS = Duration.ofMinutes(5);

    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;
    private final Start starts;
    private final Ending ending;
    private final Removal removal;
    private final SelfRemoval selfRemoval;
    private final Teardown teardown;
    private final RunRoot runRoot;
    private final Quarantine quarantine;
    private final List<String> actions = new ArrayList<>();

    CleanUpAfterCrash(
            ContainerRooms rooms,
            ContainerStore store,
            Host host,
            Start starts,
            Ending ending,
            Removal removal,
            SelfRemoval selfRemoval,
            Teardown teardown,
            RunRoot runRoot) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
        this.starts = starts;
        this.ending = ending;
        this.removal = removal;
        this.selfRemoval = selfRemoval;
        this.teardown = teardown;
        this.runRoot = runRoot;
        this.quarantine = new Quarantine(rooms, store, host, teardown);
    }

    CleanUp run() throws IOException {
        var ids = new HashSet<>(store.ids());
        ids.addAll(ids(ContainerFiles.allRun(rooms.root())));
        ids.addAll(ids(host.runtimeState()));
        ids.addAll(ids(rooms.root().run().resolve("creating")));
        ids.addAll(ids(ContainerTree.all(rooms.root())));
        ids.addAll(host.cgroups().at(ContainerFiles.cgroupParent(rooms.root())).children());
        ids.removeIf(id -> !id.matches("[0-9a-f]{64}"));
        for (var id : ids.stream().sorted().toList()) {
            var lock = store.tryLock(id);
            if (lock.isPresent()) {
                try (var _ = lock.get()) {
                    one(id);
                } catch (StateException e) {
                    // Of a newer Lockstep, or of another root: not ours to judge, and no reason to leave the others.
                    actions.add("left container " + id.substring(0, 12) + " as it is: " + e.getMessage());
                } catch (IOException | RuntimeException e) {
                    // A runtime that cannot delete it, a process that does not end: nor is that.
                    actions.add("could not put container " + id.substring(0, 12) + " in order, which is tried again by"
                            + " the next agent and by 'lockstep system prune': " + e.getMessage());
                }
            }
        }
        store.freeNames().forEach(name -> actions.add("freed the container name " + name));
        orphanedExits();
        orphanedMounts();
        orphanedLocks();
        sessions();
        store.collect(rooms.contents());
        runRoot.leave(host.cgroups());
        return new CleanUp(actions);
    }

    private void one(String id) throws IOException {
        var files = store.files(id);
        var damaged = store.damaged(id);
        if (damaged.isPresent()) {
            if (damaged.get().replaceable()) {
                var place = quarantine.setAside(damaged.get(), false);
                actions.add("set aside " + damaged.get().sentence() + "; what it wrote is in " + place);
            }
            return;
        }
        var record = store.record(id);
        if (record.isEmpty()) {
            teardown.run(files, store.run(id, host.bootId()), false);
            scratch(files);
            Teardown.removeTree(files.state());
            actions.add("removed what was left of container " + id.substring(0, 12) + ", which has no record");
            return;
        }
        scratch(files);
        temporary(files.state());
        actions.addAll(store.repair(record.get(), host.bootId()));
        if (record.get().phase() != ContainerRecord.Phase.CREATED) {
            removal.remove(record.get(), false);
            actions.add("removed container " + record.get().spec().name() + ", which was half "
                    + (record.get().phase() == ContainerRecord.Phase.CREATING ? "made" : "removed"));
            return;
        }
        Files.deleteIfExists(files.creating());
        if (!store.hasRun(id)) {
            gone(record.get());
            return;
        }
        var run = store.run(id, host.bootId());
        if (run.filter(r -> !r.started() && r.isAlive()).isPresent()) {
            if (isStarted(id, run.get())) {
                var began = run.get().startedAt();
                starts.started(record.get(), run.get(), began, began);
                actions.add("adopted container " + record.get().spec().name() + ", which had just been started");
                interruptIfHooksAreDue(record.get());
                return;
            }
            teardown.run(files, run, !record.get().spec().networks().isEmpty());
            actions.add("undid the start of container " + record.get().spec().name() + ", which was half done");
            gone(record.get());
            return;
        }
        if (run.filter(Run::started).filter(Run::isAlive).isPresent() && Files.notExists(files.exit())) {
            interruptIfHooksAreDue(record.get());
            goOnWithRestart(record.get());
            return;
        }
        ending.finish(record.get());
        actions.add(
                "put away what the last run of container " + record.get().spec().name() + " had left");
        gone(record.get());
    }

    /** What runs without them is not what was asked for. */
    private void interruptIfHooksAreDue(ContainerRecord record) throws IOException {
        if (Files.exists(store.files(record.id()).hooksDue())) {
            ending.interrupt(record);
            actions.add("stopped container " + record.spec().name() + ", whose post_start hooks were cut off");
            gone(record);
        }
    }

    /** Ends it, if it has not ended; who starts what ended by itself then starts it. */
    private void goOnWithRestart(ContainerRecord record) throws IOException {
        if (store.hasRun(record.id()) && Files.exists(store.files(record.id()).restarting())) {
            ending.interrupt(record);
            actions.add("ended container " + record.spec().name() + ", whose restart was cut off");
        }
    }

    /** Who waited for its end to remove it was killed. */
    private void gone(ContainerRecord record) throws IOException {
        var life = store.life(record.id());
        // Wanted, and neither a run nor its outcome: killed in the middle of the start, or by a loss of power.
        var over = life.exit().isPresent() || life.wanted() && !store.hasRun(record.id());
        if (over && selfRemoval.isAsked(record.id()) && !selfRemoval.isAttended(record.id())) {
            selfRemoval.remove(record);
            actions.add("removed container " + record.spec().name() + ", which was to go with its end");
        }
    }

    /** Whether the runtime was told to start the program before we were killed; only it knows. */
    private boolean isStarted(String id, Run run) throws IOException {
        if (run.process().isEmpty()) {
            return false;
        }
        var state = new Runtimes(rooms, host).of(run).run("state", id);
        return state.succeeded()
                && rooms.root()
                        .json()
                        .readTree(state.output())
                        .path("status")
                        .asText()
                        .equals("running");
    }

    private void scratch(ContainerFiles files) throws IOException {
        ContainerTree.letGo(rooms.root(), files.id());
        var scratch = rooms.root().run().resolve("creating").resolve(files.id());
        if (Files.exists(scratch)) {
            Mounts.unmount(scratch);
            Teardown.removeTree(scratch);
        }
    }

    private static void temporary(Path directory) throws IOException {
        for (var name : ContainerStore.names(directory)) {
            if (name.endsWith(AtomicFiles.TEMPORARY)) {
                Files.deleteIfExists(directory.resolve(name));
            }
        }
    }

    private void orphanedExits() throws IOException {
        for (var id : ids(ContainerFiles.exits(rooms.root()))) {
            if (!store.hasRun(id)) {
                Files.deleteIfExists(store.files(id).exit());
            }
        }
    }

    /** Of containers that are gone. */
    private void orphanedLocks() throws IOException {
        for (var lock : List.of(rooms.root().lock("container/x"), rooms.root().lock("attended/x"))) {
            for (var id : ids(Objects.requireNonNull(lock.getParent()))) {
                var file = lock.resolveSibling(id);
                var held = Flock.tryLasting(file);
                if (held.isPresent()) {
                    try (var _ = held.get()) {
                        if (Files.notExists(store.files(id).state()) && !store.hasRun(id)) {
                            Files.deleteIfExists(file);
                        }
                    }
                }
            }
        }
    }

    /** Directories of programs that have ended in containers that run on; whoever asked for them was killed. */
    private void sessions() throws IOException {
        for (var id : ids(ContainerFiles.allRun(rooms.root()))) {
            var all = store.files(id).sessions();
            for (var name : ContainerStore.names(all)) {
                var session = all.resolve(name);
                if (isOld(session) && !lives(session)) {
                    Teardown.removeTree(session);
                }
            }
        }
    }

    private boolean isOld(Path session) {
        try {
            return Files.getLastModifiedTime(session)
                    .toInstant()
                    .isBefore(rooms.clock().instant().minus(SESSION_BEGINS));
        } catch (IOException e) {
            return false; // it has just gone
        }
    }

    /** Whether the program or its supervisor, which knows the directory, is there. */
    private static boolean lives(Path session) {
        try {
            return ProcessIdentity.of(Integer.parseInt(
                            Files.readString(session.resolve("pid")).strip()))
                    .isPresent();
        } catch (IOException | NumberFormatException e) {
            return false;
        }
    }

    private void orphanedMounts() throws IOException {
        var directory = ContainerFiles.allRun(rooms.root());
        for (var point : MountTable.below(directory)) {
            var id = directory.relativize(point).getName(0).toString();
            var lock = store.tryLock(id);
            if (lock.isPresent()) {
                try (var _ = lock.get()) {
                    if (!store.hasRun(id) || store.run(id, host.bootId()).isEmpty()) {
                        Mounts.unmount(point);
                        actions.add("unmounted " + point);
                    }
                } catch (StateException e) {
                    // Said above.
                } catch (LinuxException e) {
                    actions.add("could not unmount " + point + ": " + e.getMessage());
                }
            }
        }
    }

    private static List<String> ids(Path directory) throws IOException {
        return ContainerStore.names(directory).stream()
                .filter(name -> name.matches("[0-9a-f]{64}"))
                .toList();
    }
}
