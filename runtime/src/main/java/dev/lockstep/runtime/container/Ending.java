package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.NoSpace;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Ends containers and puts away what a run left. The container's lock is held in all of it but {@link #signal}. */
final class Ending {
    /** From the end of the process until conmon has written down everything it still had to read. */
    private static final Duration CONMON_WRITES = Duration.ofSeconds(30);

    /** A killed process may be in an uninterruptible call for a while. */
    private static final Duration KILL_WORKS = Duration.ofSeconds(60);

    /** Of a program that is to have all the time it wants, when it is not for a person that it ends. */
    private static final Duration INTERRUPTED_GRACE = Duration.ofSeconds(10);

    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;
    private final RunRoot runRoot;
    private final Teardown teardown;

    Ending(ContainerRooms rooms, ContainerStore store, Host host, RunRoot runRoot, Teardown teardown) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
        this.runRoot = runRoot;
        this.teardown = teardown;
    }

    /**
     * Puts the last run away and keeps how it ended; returns that, or empty when it still runs or never ran. Does
     * nothing where that was done already.
     */
    Optional<ExitOutcome> finish(ContainerRecord record) throws IOException {
        var id = record.id();
        var files = store.files(id);
        var life = Files.exists(files.killed()) ? store.life(id).stopping(host.bootId()) : store.life(id);
        if (!store.hasRun(id)) {
            return life.exit().or(() -> lost(record, life));
        }
        var run = store.run(id, host.bootId());
        var exit = new ExitFile(files);
        var written = run.isPresent() ? exit.read() : Optional.<ExitOutcome>empty();
        if (written.isEmpty() && run.filter(Run::isAlive).isPresent()) {
            return Optional.empty();
        }
        if (run.isPresent() && run.get().started() && written.isEmpty()) {
            written = exit.await(run.get().conmon(), CONMON_WRITES);
        }
        if (run.filter(r -> !r.started()).isPresent() && written.isEmpty()) {
            // Prepared and never started: it did not run, so it did not end.
            put(record, files, run);
            return life.exit();
        }
        var outcome = written.or(() -> life.exit()).orElseGet(this::unknown);
        if (life.exit().isEmpty()) {
            store.write(id, life.ended(outcome));
            rooms.events().died(record, life, outcome);
        }
        Files.deleteIfExists(files.killed());
        rooms.failPoint().reached(FailPoint.Step.FINISH_RECORDED);
        put(record, files, run);
        return Optional.of(outcome);
    }

    /** A run is wanted, and nothing of it is there: a reboot that emptied the run root. */
    private Optional<ExitOutcome> lost(ContainerRecord record, Life life) {
        if (!life.wanted()) {
            return Optional.empty();
        }
        var outcome = unknown();
        try {
            store.write(record.id(), life.ended(outcome));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        rooms.events().died(record, life, outcome);
        return Optional.of(outcome);
    }

    private ExitOutcome unknown() {
        return new ExitOutcome(ExitOutcome.UNKNOWN, rooms.clock().instant(), false, true);
    }

    private void put(ContainerRecord record, ContainerFiles files, Optional<Run> run) throws IOException {
        teardown.run(files, run, !record.spec().networks().isEmpty());
        runRoot.leave(host.cgroups());
    }

    StopResult stop(ContainerRecord record, Optional<Duration> grace) throws IOException {
        var effective = record.made();
        return end(record, Signal.parse(effective.stopSignal()), grace.orElse(effective.stopGrace()));
    }

    /** Sends the signal, waits, kills, waits, puts away. */
    StopResult end(ContainerRecord record, Signal first, Duration grace) throws IOException {
        var id = record.id();
        var files = store.files(id);
        var done = isDone(record);
        var life = store.life(id);
        if (!done && (life.wanted() || !life.stoppedByUser())) {
            // Before the signal: whoever sees the exit must find it asked for.
            writeStopping(id, life);
        }
        Files.deleteIfExists(files.restartMarker());
        Files.deleteIfExists(files.restarting());
        return quit(record, first, grace);
    }

    /** Whether it has done its work, and nobody would start it again: then there is nothing that a stop could mean. */
    private boolean isDone(ContainerRecord record) throws IOException {
        var id = record.id();
        var restarts = switch (record.spec().restart().condition()) {
            case ALWAYS, UNLESS_STOPPED -> true;
            case NO, ON_FAILURE -> Files.exists(store.files(id).restarting());
        };
        if (restarts || store.run(id, host.bootId()).filter(Run::isAlive).isPresent()) {
            return false;
        }
        var outcome = finish(record);
        var life = store.life(id);
        return outcome.filter(o -> o.exitCode() == 0 && !o.lost()).isPresent()
                && !life.stoppedByUser()
                && life.error().isEmpty();
    }

    /**
     * Ends it in order to start it again. Nobody wants it to be down: whoever finds it ended, and the caller killed,
     * starts it whatever its policy says.
     *
     * @param first instead of its stop signal
     * @param grace instead of its own
     */
    void endToRestart(ContainerRecord record, Optional<Signal> first, Optional<Duration> grace) throws IOException {
        var files = store.files(record.id());
        if (store.run(record.id(), host.bootId()).filter(Run::isAlive).isPresent()) {
            // In this order: what the on-exit script looks at leads to who looks at the other.
            for (var marker : List.of(files.restarting(), files.restartMarker())) {
                mark(marker);
            }
        }
        var effective = record.made();
        quit(record, first.orElseGet(() -> Signal.parse(effective.stopSignal())), grace.orElse(effective.stopGrace()));
    }

    /**
     * Ends one whose start was cut off before its hooks had run, or its restart before it had ended. Nobody has asked
     * for that end: what comes then is up to its policy, or is the other half of the restart.
     */
    void interrupt(ContainerRecord record) throws IOException {
        var effective = record.made();
        var grace = effective.stopGrace().isNegative() ? INTERRUPTED_GRACE : effective.stopGrace();
        quit(record, Signal.parse(effective.stopSignal()), grace);
    }

    private StopResult quit(ContainerRecord record, Signal first, Duration grace) throws IOException {
        var id = record.id();
        var run = store.run(id, host.bootId());
        var process = run.flatMap(Run::process);
        var killed = false;
        if (process.isPresent()) {
            try (var pidfd = open(process.get(), record)) {
                if (pidfd != null) {
                    if (!grace.isZero()) {
                        send(record, pidfd, first);
                    }
                    if (grace.isZero() || !pidfd.awaitExit(grace)) {
                        killed = true;
                        send(record, pidfd, Signal.KILL);
                        if (!pidfd.awaitExit(KILL_WORKS)) {
                            throw new ContainerException(
                                    ContainerException.Reason.RUNTIME,
                                    "Container " + record.spec().name() + " (process "
                                            + process.get().pid() + ") does not end after SIGKILL: it waits in the"
                                            + " kernel, perhaps for a disk or a network file system.");
                        }
                    }
                } else {
                    process = Optional.empty();
                }
            }
        }
        var outcome = finish(record);
        if (process.isEmpty() || outcome.isEmpty()) {
            return new StopResult.NotRunning();
        }
        rooms.events().tell(record, "stop");
        return new StopResult.Stopped(outcome.get(), killed);
    }

    /** One that never ran has nothing that could be overwritten on a full disk, and nothing that would start again. */
    private void writeStopping(String id, Life life) throws IOException {
        try {
            store.write(id, life.stopping(host.bootId()));
        } catch (IOException e) {
            if (!NoSpace.isWhy(e) || Files.exists(store.files(id).life())) {
                throw e;
            }
        }
    }

    private @org.jspecify.annotations.Nullable Pidfd open(ProcessIdentity process, ContainerRecord record)
            throws IOException {
        var pidfd = Pidfd.open(process).orElse(null);
        if (pidfd != null
                && !isOurs(process, host.cgroups().at(store.files(record.id()).cgroup(record.spec())))) {
            pidfd.close();
            return null;
        }
        return pidfd;
    }

    /** Beside pid and start time its cgroup tells that it is the container's. */
    private static boolean isOurs(ProcessIdentity process, Cgroup cgroup) throws IOException {
        return cgroup.processes().contains(process.pid());
    }

    /**
     * Sends a signal. A stop signal or a kill counts as "stopped by hand"; others (SIGHUP to reload) leave the restart
     * policy alone.
     */
    void signal(ContainerRecord record, Signal signal) throws IOException {
        var id = record.id();
        var files = store.files(id);
        var process = store.run(id, host.bootId()).filter(Run::started).flatMap(Run::process);
        try (var pidfd = process.isPresent() ? open(process.get(), record) : null) {
            if (pidfd == null) {
                throw new ContainerException(
                        ContainerException.Reason.CONFLICT,
                        "Container " + record.spec().name() + " is not running.");
            }
            if (signal.equals(Signal.KILL)
                    || signal.equals(Signal.parse(record.made().stopSignal()))) {
                try (var lock = store.tryLock(id).orElse(null)) {
                    if (lock != null) {
                        store.write(id, store.life(id).stopping(host.bootId()));
                    } else {
                        // Held by somebody else, for as long as a hook takes: that is not waited for, and who puts the
                        // end away writes it down.
                        mark(files.killed());
                    }
                    Files.deleteIfExists(files.restartMarker());
                    Files.deleteIfExists(files.restarting());
                }
            }
            send(record, pidfd, signal);
        }
    }

    /** On a disk without room for a file it goes without: that costs what the file would have told after a kill. */
    private static void mark(Path marker) throws IOException {
        try {
            Files.write(marker, new byte[0], StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            if (!NoSpace.isWhy(e)) {
                throw e;
            }
        }
    }

    /** One that stands still goes on, or it could not answer the signal, nor die of it. */
    private void send(ContainerRecord record, Pidfd pidfd, Signal signal) throws IOException {
        rooms.events().signals(record, signal);
        pidfd.send(signal);
        var cgroup = host.cgroups().at(store.files(record.id()).cgroup(record.spec()));
        if (cgroup.isFreezing()) {
            cgroup.thaw();
            rooms.events().tell(record, "unpause");
        }
    }

    /** @param text name with or without {@code SIG}, or a number */
    static Signal signal(String text) throws ContainerException {
        try {
            return Signal.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ContainerException(ContainerException.Reason.INVALID, e.getMessage() + ".", e);
        }
    }
}
