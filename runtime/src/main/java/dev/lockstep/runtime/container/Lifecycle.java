package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Optional;

/**
 * Makes containers run and end, for all the reasons there are: a person, a policy, the start of the host, a stack that
 * wants them. Its methods are those of {@link Containers} that bear the same names; each takes the container's lock.
 */
final class Lifecycle {
    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;
    private final OnExitScript onExit;
    private final Teardown teardown;
    private final Start starts;
    private final Ending ending;
    private final HookRunner hooks;

    Lifecycle(
            ContainerRooms rooms,
            ContainerStore store,
            Host host,
            OnExitScript onExit,
            Teardown teardown,
            Start starts,
            Ending ending,
            HookRunner hooks) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
        this.onExit = onExit;
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
        exitedMeanwhile(id);
    }

    void startBeside(String id) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.whole(id);
            if (!settle(record)) {
                start(record, Optional.empty(), false);
            }
        }
        exitedMeanwhile(id);
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
            start(record.get(), Optional.of(restart.after()));
        }
        exitedMeanwhile(id);
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
        exitedMeanwhile(id);
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
        exitedMeanwhile(id);
        return true;
    }

    boolean restartByPolicy(String id, ContainerRooms.Lazy<Boolean> elsewhere)
            throws IOException, InterruptedException {
        var outcome = finishExit(id);
        if (outcome.isEmpty() || !(decideRestart(id) instanceof RestartDecision.Restart restart)) {
            return false;
        }
        // The back-off itself. Nobody wakes us earlier: a stop meanwhile is seen when it is to be started.
        Thread.sleep(restart.wait(outcome.get().finishedAt(), rooms.clock().instant()));
        return !elsewhere.get() && startAgain(id);
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
            var preStop = record.spec().options().hooks().preStop();
            if (!preStop.isEmpty()
                    && store.run(id, host.bootId())
                            .filter(Run::started)
                            .filter(Run::isAlive)
                            .isPresent()) {
                hooks.beforeStop(record);
            }
            return first.isPresent()
                    ? ending.end(record, first.get(), grace.orElse(record.made().stopGrace()))
                    : ending.stop(record, grace);
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
        if (life.exit().isEmpty() || !life.wanted()) {
            return new RestartDecision.Stay(
                    life.stoppedByUser() ? "it was stopped by hand" : "it did not run, or its start failed");
        }
        return RestartDecision.decide(record.spec().restart(), life.exit().get().exitCode(), life);
    }

    /** Puts away what earlier runs left, half-started ones included; true when it runs. */
    boolean settle(ContainerRecord record) throws IOException {
        ContainerTree.letGo(rooms.root(), record.id());
        var run = store.run(record.id(), host.bootId());
        if (run.filter(r -> !r.started()).isPresent()) {
            teardown.run(
                    store.files(record.id()), run, !record.spec().networks().isEmpty());
            return false;
        }
        ending.finish(record);
        return store.hasRun(record.id());
    }

    /**
     * The container may have ended while its lock was ours: then the on-exit script saw the lock and left the exit to
     * us.
     */
    void exitedMeanwhile(String id) throws IOException {
        var files = store.files(id);
        if (Files.exists(files.exit()) && Files.exists(files.restartMarker())) {
            onExit.runDetached(id);
        }
    }
}
