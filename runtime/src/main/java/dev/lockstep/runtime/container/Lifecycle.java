package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Inotify;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Makes containers run and end, for all the reasons there are: a person, a policy, the start of the host, a stack that
 * wants them. Its methods are those of {@link Containers} that bear the same names; each takes the container's lock.
 */
final class Lifecycle {
    /** From the end of the first of its processes to the end of process 1, when that has brought it about. */
    private static final Duration OTHERS_END = Duration.ofSeconds(1);

    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;
    private final Teardown teardown;
    private final Start starts;
    private final Ending ending;
    private final HookRunner hooks;

    Lifecycle(
            ContainerRooms rooms,
            ContainerStore store,
            Host host,
            Teardown teardown,
            Start starts,
            Ending ending,
            HookRunner hooks) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
        this.teardown = teardown;
        this.starts = starts;
        this.ending = ending;
        this.hooks = hooks;
    }

    void start(String id) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.whole(id);
            if (settle(record)) {
                return;
            }
            start(record, Optional.empty());
        }
    }

    void startBeside(String id) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.whole(id);
            if (!settle(record)) {
                start(record, Optional.empty(), false);
            }
        }
    }

    boolean startAgain(String id) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.record(id);
            if (record.isEmpty()
                    || record.get().phase() != ContainerRecord.Phase.CREATED
                    || settle(record.get())
                    || !(decide(record.get()) instanceof RestartDecision.Restart restart)) {
                return false;
            }
            var byHand = Files.exists(store.files(id).restarting());
            start(record.get(), byHand ? Optional.empty() : Optional.of(restart.after()));
        }
        return true;
    }

    boolean startWithHost(String id) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.record(id);
            var stopped = store.life(id).stoppedInBoot();
            if (record.isEmpty()
                    || record.get().phase() != ContainerRecord.Phase.CREATED
                    || record.get().spec().restart().condition() != RestartPolicy.Condition.ALWAYS
                    || stopped.filter(boot -> !boot.equals(host.bootId())).isEmpty()
                    || settle(record.get())) {
                return false;
            }
            start(record.get(), Optional.empty());
        }
        return true;
    }

    boolean heal(String id, Duration waited) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.record(id);
            if (record.isEmpty()
                    || record.get().phase() != ContainerRecord.Phase.CREATED
                    || settle(record.get())
                    || store.life(id).stoppedByUser()) {
                return false;
            }
            start(record.get(), Optional.of(waited));
        }
        return true;
    }

    boolean restartByPolicy(String id, ContainerRooms.Lazy<Boolean> elsewhere)
            throws IOException, InterruptedException {
        var outcome = finishExit(id);
        if (outcome.isEmpty() || !(decideRestart(id) instanceof RestartDecision.Restart restart)) {
            return false;
        }
        return isStillDue(
                        id,
                        restart.wait(outcome.get().finishedAt(), rooms.clock().instant()))
                && !elsewhere.get()
                && startAgain(id);
    }

    /** The back-off itself. False as soon as nothing is to be started any more, since somebody has removed it, say. */
    private boolean isStillDue(String id, Duration wait) throws IOException, InterruptedException {
        var end = System.nanoTime() + wait.toNanos();
        try (var changes = Inotify.open()) {
            changes.watch(store.files(id).state(), Inotify.CREATE | Inotify.MOVED_TO | Inotify.DELETE);
            // Looked at when it is watched already: nothing goes unseen in between.
            for (var left = wait; ; left = Duration.ofNanos(end - System.nanoTime())) {
                var record = store.record(id);
                if (record.isEmpty() || !(decide(record.get()) instanceof RestartDecision.Restart)) {
                    return false;
                }
                if (!left.isPositive()) {
                    return true;
                }
                var _ = changes.read(left);
            }
        } catch (LinuxException e) {
            // Gone already, or this host has no watch to spare: then it is seen when it is to be started.
            TimeUnit.NANOSECONDS.sleep(store.record(id).isEmpty() ? 0 : end - System.nanoTime());
            return true;
        }
    }

    /** With what is to run right after it; one of these that fails ends the container: it is not what was asked for. */
    private void start(ContainerRecord record, Optional<Duration> waited) throws IOException {
        start(record, waited, true);
    }

    private void start(ContainerRecord record, Optional<Duration> waited, boolean published) throws IOException {
        var before = store.life(record.id());
        starts.start(record, waited, published);
        try {
            hooks.afterStart(record);
            Files.deleteIfExists(store.files(record.id()).hooksDue());
        } catch (IOException | RuntimeException e) {
            try {
                ending.stop(record, Optional.empty());
                store.write(record.id(), store.life(record.id()).failedToStart(before, String.valueOf(e.getMessage())));
            } catch (IOException undo) {
                e.addSuppressed(undo);
            }
            throw e;
        }
    }

    void takePorts(String from, String to) throws IOException {
        try (var _ = store.lock(to)) {
            var record = store.whole(to);
            var wanted = record.spec().ports();
            var run = store.run(to, host.bootId()).filter(Run::started).filter(Run::isAlive);
            if (wanted.isEmpty() || run.isEmpty()) {
                return;
            }
            var networks = rooms.networks().get();
            var moves = !networks.published(from).isEmpty();
            if (moves) {
                networks.movePorts(from, to);
            }
            try {
                store.write(to, run.get().withPorts(networks.publish(to, wanted)));
            } catch (IOException | RuntimeException e) {
                if (moves) {
                    networks.movePorts(to, from);
                }
                throw e;
            }
        }
    }

    StopResult stop(String id, Optional<Duration> grace, Optional<String> signal) throws IOException {
        var first = signal.isPresent() ? Optional.of(Ending.signal(signal.get())) : Optional.<Signal>empty();
        try (var _ = store.lock(id)) {
            var record = store.whole(id);
            beforeStop(record);
            return first.isPresent()
                    ? ending.end(record, first.get(), grace.orElse(record.made().stopGrace()))
                    : ending.stop(record, grace);
        }
    }

    /** Under one lock, so that nobody sees to the end that is only half of it. */
    void restart(String id, Optional<Duration> grace, Optional<String> signal) throws IOException {
        var first = signal.isPresent() ? Optional.of(Ending.signal(signal.get())) : Optional.<Signal>empty();
        try (var _ = store.lock(id)) {
            var record = store.whole(id);
            beforeStop(record);
            ending.endToRestart(record, first, grace);
            rooms.failPoint().reached(FailPoint.Step.RESTART_ENDED);
            settle(record);
            start(record, Optional.empty());
        }
    }

    private void beforeStop(ContainerRecord record) throws IOException {
        var process = store.run(record.id(), host.bootId()).filter(Run::started).flatMap(Run::process);
        if (record.spec().options().hooks().preStop().isEmpty() || process.isEmpty()) {
            return;
        }
        try (var pidfd = Pidfd.open(process.get()).orElse(null)) {
            if (pidfd == null) {
                return;
            }
            try {
                hooks.beforeStop(record);
            } catch (IOException | RuntimeException e) {
                // The kernel ends whatever else is in a container, a hook too, before process 1 has ended.
                if (!pidfd.awaitExit(OTHERS_END)) {
                    throw e;
                }
                // Its program has ended, and the hook with it: there is none that it could let run.
            }
        }
    }

    Optional<ExitOutcome> finishExit(String id) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.record(id);
            return record.isEmpty() ? Optional.empty() : ending.finish(record.get());
        }
    }

    RestartDecision decideRestart(String id) throws IOException {
        return decide(store.require(id));
    }

    private RestartDecision decide(ContainerRecord record) throws IOException {
        var life = store.life(record.id());
        if (life.exit().isPresent() && Files.exists(store.files(record.id()).restarting())) {
            return new RestartDecision.Restart(Duration.ZERO);
        }
        if (life.exit().isEmpty() || !life.wanted()) {
            return new RestartDecision.Stay(
                    life.stoppedByUser() ? "it was stopped by hand" : "it did not run, or its start failed");
        }
        return RestartDecision.decide(record.spec().restart(), life.exit().get().exitCode(), life);
    }

    /** Puts away what earlier runs left, starts that were cut off included; true when it runs. */
    boolean settle(ContainerRecord record) throws IOException {
        ContainerTree.letGo(rooms.root(), record.id());
        var run = store.run(record.id(), host.bootId());
        if (run.filter(r -> !r.started()).isPresent()) {
            teardown.run(
                    store.files(record.id()), run, !record.spec().networks().isEmpty());
            return false;
        }
        ending.finish(record);
        if (Files.exists(store.files(record.id()).hooksDue())) {
            ending.interrupt(record);
        }
        return store.hasRun(record.id());
    }
}
