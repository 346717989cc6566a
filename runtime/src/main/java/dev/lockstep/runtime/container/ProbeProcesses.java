package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.ProcessStatus;
import dev.lockstep.runtime.linux.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** What a health check has become in its container. */
final class ProbeProcesses {
    /** A check that forks while it is killed is looked at again; one that forks for ever ends with its container. */
    private static final int ROUNDS = 50;

    private ProbeProcesses() {}

    /** The program that the file names; empty when there is none yet or any more. */
    static Optional<Pidfd> leader(Cgroup cgroup, Path pidFile) throws IOException {
        var process = pid(pidFile).flatMap(ProcessIdentity::of);
        return process.isPresent() && cgroup.processes().contains(process.get().pid())
                ? Pidfd.open(process.get())
                : Optional.empty();
    }

    /** Empty when nothing, or not all of it, has been written. */
    private static Optional<Integer> pid(Path pidFile) {
        try {
            return Optional.of(Integer.parseInt(Files.readString(pidFile).strip()));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /**
     * Kills the program that the file names, everything of its session, and everything that descends from it. Nothing
     * happens when it never came so far as to have a pid.
     */
    static void kill(Cgroup cgroup, Path pidFile) throws IOException {
        var named = pid(pidFile);
        if (named.isEmpty()) {
            return;
        }
        var leader = named.get();
        var doomed = new HashSet<>(Set.of(leader));
        for (var round = 0; round < ROUNDS; round++) {
            var alive = family(cgroup, leader, doomed);
            if (alive.isEmpty()) {
                return;
            }
            for (var process : alive) {
                try (var pidfd = Pidfd.open(process).orElse(null)) {
                    if (pidfd != null && cgroup.processes().contains(process.pid())) {
                        pidfd.send(Signal.KILL);
                    }
                }
            }
        }
    }

    /** Those of the container's processes that belong to it and live; adds them to {@code doomed}. */
    private static Set<ProcessIdentity> family(Cgroup cgroup, int leader, Set<Integer> doomed) throws IOException {
        var alive = new HashSet<ProcessIdentity>();
        for (var grown = true; grown; ) {
            grown = false;
            for (var pid : cgroup.processes()) {
                var status = ProcessStatus.of(pid);
                if (status.filter(s -> s.session() == leader || doomed.contains(pid) || doomed.contains(s.parent()))
                        .isPresent()) {
                    grown |= doomed.add(pid);
                    ProcessIdentity.of(pid).ifPresent(alive::add);
                }
            }
        }
        return alive;
    }
}
