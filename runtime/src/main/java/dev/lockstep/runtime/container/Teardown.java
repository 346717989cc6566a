package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.oci.OciRuntime;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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
        if (cgroup.isFreezing()) {
            cgroup.thaw(); // what stands still does not die
        }
        if (run.filter(Run::started).isEmpty()) {
            endStart(files);
        }
        if (isKnown(files)) {
            delete(
                    files,
                    run.isPresent()
                            ? new Runtimes(rooms, host).of(run.get())
                            : rooms.runtime().get());
        }
        rooms.failPoint().reached(FailPoint.Step.FINISH_DELETED);
        if (Files.notExists(files.exit())) {
            // It has something to write yet, and that must not be taken for the end of the next run.
            awaitConmon(run.flatMap(Run::conmon).or(() -> Conmon.of(files.run())));
            removeHalfWritten(files.exit());
        }
        removeCgroup(cgroup);
        new CgroupParents(files.root(), host.cgroups()).leave(place);
        Mounts.unmountAll(files.rootfs());
        unpin(files.pins());
        unpin(files.joined());
        unpin(files.mapped());
        Mounts.unmountAll(files.sharedMemory());
        rooms.volumes().release(files.id());
        rooms.contents().release(files.id());
        // It may have been taken off all its networks, or connected to its first, since it was started.
        if (attached || Networks.mayBeAttached(rooms.root(), files.id())) {
            rooms.networks().get().detach(files.id());
        }
        removeTree(files.run());
        Files.deleteIfExists(files.exit());
    }

    /**
     * Takes away what the runtime knows of a container that is about to be prepared: what is left of a start whose
     * every process was killed, and the runtime would refuse to make it again. The container's lock is held.
     */
    void clear(ContainerFiles files, OciRuntime runtime) throws IOException {
        if (isKnown(files)) {
            endStart(files);
            delete(files, runtime);
        }
    }

    private boolean isKnown(ContainerFiles files) {
        return Files.exists(host.runtimeState().resolve(files.id()));
    }

    private void delete(ContainerFiles files, OciRuntime runtime) throws IOException {
        var deleted = runtime.run("delete", "--force", files.id());
        if (!deleted.succeeded() && isKnown(files)) {
            throw new ContainerException(
                    ContainerException.Reason.RUNTIME,
                    "The runtime cannot delete container " + files.id().substring(0, 12) + ": " + deleted.output());
        }
    }

    /**
     * Whoever started it was killed; the supervisor and the runtime that he had started go on all the same, and would
     * make the container when everybody thinks that it is gone. They have its id among their arguments.
     */
    private void endStart(ContainerFiles files) throws IOException {
        var supervisors = host.cgroups().at(ContainerFiles.supervisorCgroup(files.root()));
        for (var tries = 0; tries < TRIES; tries++) {
            var found = false;
            for (var pid : supervisors.processes()) {
                var process = ProcessIdentity.of(pid);
                if (process.isPresent() && concerns(pid, files.id())) {
                    found = true;
                    try (var pidfd = Pidfd.open(process.get()).orElse(null)) {
                        if (pidfd != null) {
                            pidfd.send(Signal.KILL);
                            pidfd.awaitExit(CONMON_ENDS);
                        }
                    }
                }
            }
            // One of them may have begun another one while we looked.
            if (!found) {
                return;
            }
        }
    }

    private static boolean concerns(int pid, String id) {
        try {
            var words = Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
            return List.of(words.split("\0", -1)).contains(id);
        } catch (IOException e) {
            return false; // it has just ended
        }
    }

    static void unpin(Path pins) throws IOException {
        if (Files.exists(pins)) {
            try (var entries = Files.newDirectoryStream(pins)) {
                for (var pin : entries) {
                    Mounts.unmountAll(pin);
                }
            }
        }
    }

    /** What a conmon had begun that was killed over it: GLib writes to the name, a dot and six letters, and renames. */
    private static void removeHalfWritten(Path exit) throws IOException {
        try (var begun =
                Files.newDirectoryStream(Objects.requireNonNull(exit.getParent()), exit.getFileName() + ".*")) {
            for (var file : begun) {
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            // Nobody has ended yet.
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
