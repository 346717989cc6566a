package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.linux.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Takes one run away: what the runtime knows, processes, mounts, network, files below the run root. Every step may have
 * been done already, or never have been needed.
 */
final class Teardown {
    private static final Duration CONMON_ENDS = Duration.ofSeconds(5);
    private static final int TRIES = 100;

    private final ContainerRooms rooms;
    private final Host host;

    Teardown(ContainerRooms rooms, Host host) {
        this.rooms = rooms;
        this.host = host;
    }

    /** Takes it away, whatever it is in the middle of. The container's lock is held. */
    void run(ContainerFiles files, Optional<Run> run, boolean attached) throws IOException {
        var place = run.flatMap(Run::cgroup).orElse(files.cgroup());
        var cgroup = host.cgroups().at(place);
        if (cgroup.isFrozen()) {
            cgroup.thaw(); // what stands still does not die
        }
        if (Files.exists(host.runtimeState().resolve(files.id()))) {
            var runtime = run.isPresent()
                    ? new Runtimes(rooms, host).of(run.get())
                    : rooms.runtime().get();
            var deleted = runtime.run("delete", "--force", files.id());
            if (!deleted.succeeded() && Files.exists(host.runtimeState().resolve(files.id()))) {
                throw new ContainerException(
                        ContainerException.Reason.RUNTIME,
                        "The runtime cannot delete container " + files.id().substring(0, 12) + ": " + deleted.output());
            }
        }
        rooms.failPoint().reached(FailPoint.Step.FINISH_DELETED);
        if (Files.notExists(files.exit())) {
            // It has something to write yet, and that must not be taken for the end of the next run.
            awaitConmon(run.flatMap(Run::conmon).or(() -> conmonOf(files)));
        }
        removeCgroup(cgroup);
        new CgroupParents(files.root(), host.cgroups()).leave(place);
        while (Mounts.isMountPoint(files.rootfs())) {
            Mounts.unmount(files.rootfs());
        }
        unpin(files.pins());
        unpin(files.joined());
        unpin(files.mapped());
        while (Mounts.isMountPoint(files.sharedMemory())) {
            Mounts.unmount(files.sharedMemory());
        }
        rooms.contents().release(files.id());
        if (attached) {
            rooms.networks().get().detach(files.id());
        }
        removeTree(files.run());
        Files.deleteIfExists(files.exit());
    }

    static void unpin(Path pins) throws IOException {
        if (Files.exists(pins)) {
            try (var entries = Files.newDirectoryStream(pins)) {
                for (var pin : entries) {
                    while (Mounts.isMountPoint(pin)) {
                        Mounts.unmount(pin);
                    }
                }
            }
        }
    }

    private static Optional<ProcessIdentity> conmonOf(ContainerFiles files) {
        try {
            return ProcessIdentity.of(
                    Integer.parseInt(Files.readString(files.conmonPidFile()).strip()));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static void awaitConmon(Optional<ProcessIdentity> conmon) throws IOException {
        if (conmon.isEmpty()) {
            return;
        }
        try (var pidfd = Pidfd.open(conmon.get()).orElse(null)) {
            if (pidfd != null && !pidfd.awaitExit(CONMON_ENDS)) {
                pidfd.send(Signal.KILL);
                pidfd.awaitExit(CONMON_ENDS);
            }
        }
    }

    /** Kills what is left in it. A process that is just going keeps it busy for a moment. */
    void removeCgroup(Cgroup cgroup) throws IOException {
        for (var tries = 0; cgroup.exists(); tries++) {
            for (var child : cgroup.children()) {
                removeCgroup(host.cgroups().at(cgroup + "/" + child));
            }
            cgroup.kill();
            if (cgroup.remove()) {
                return;
            }
            if (tries == TRIES) {
                throw new IOException("The cgroup " + cgroup + " stays busy; processes in it: " + cgroup.processes());
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    /** Removes a tree; nothing there is fine. */
    static void removeTree(Path tree) throws IOException {
        var above = Objects.requireNonNull(tree.getParent());
        if (Files.exists(above)) {
            try (var parent = Directory.open(above)) {
                parent.removeTree(RawPath.of(tree.getFileName().toString()));
            }
        }
    }
}
