package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.Pipe;
import dev.lockstep.runtime.linux.Poll;
import dev.lockstep.runtime.linux.ProcessDetails;
import dev.lockstep.runtime.store.StateException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs health checks when they are due: one thread for all containers, which sleeps in one {@code poll(2)} until the
 * next check is due, one that runs has written or ended, or somebody calls. A check that hangs delays no other one.
 *
 * <p>The state is on disk, so an agent that starts again goes on where it was. Two processes that watch the same
 * container do not probe it twice: whoever comes late finds it locked, or the next check not due yet. Between two
 * checks time is counted by the clock that nobody sets.
 */
public final class HealthMonitor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HealthMonitor.class);

    /** Until a container is looked at again of which nothing could be read. */
    private static final Duration RETRY = Duration.ofMinutes(1);

    /** After a turn in which not even waiting was possible, for want of memory, say. */
    private static final Duration BREATH = Duration.ofSeconds(1);

    private final InstantSource clock;
    private final ContainerStore store;
    private final Host host;
    private final HealthProbes probes;
    private final BiConsumer<String, HealthState.Status> changes;
    private final Queue<String> called = new ConcurrentLinkedQueue<>();
    private final Object door = new Object();
    private @Nullable Thread thread;
    private @Nullable Pipe bell;
    private boolean rung;
    private boolean closed;

    // Of the thread alone.
    private final Map<String, Watched> watched = new HashMap<>();
    private final PriorityQueue<Due> queue = new PriorityQueue<>(Comparator.comparingLong(Due::sinceOrigin));
    private final Map<String, Running> running = new HashMap<>();
    private final LastRead<ContainerRecord> records;
    private final LastRead<HealthState> healths;
    private final LastRead<Run> runs;
    private final long origin = System.nanoTime();

    HealthMonitor(
            InstantSource clock,
            ContainerStore store,
            Host host,
            HealthProbes probes,
            BiConsumer<String, HealthState.Status> changes) {
        this.clock = clock;
        this.store = store;
        this.host = host;
        this.probes = probes;
        this.changes = changes;
        this.records = new LastRead<>(store::record);
        this.healths = new LastRead<>(store::health);
        this.runs = new LastRead<>(id -> store.run(id, host.bootId()));
    }

    /**
     * What is known of a container between two checks.
     *
     * @param due when it is looked at next; a {@link Due} with another time is out of date
     * @param lastEnd end of the last result that we know of; another one on disk is of another process
     */
    private record Watched(long due, Instant startedAt, Optional<Instant> lastEnd) {}

    /** @param sinceOrigin nanoseconds */
    private record Due(String id, long sinceOrigin) {}

    /** @param begun counted from when the kernel started */
    private record Running(
            ContainerRecord record, EffectiveHealthCheck check, Run run, HealthProbe probe, Duration begun) {}

    /**
     * Probes the container as long as it runs; no effect when it has no health check or does not run. One that is
     * watched already is looked at again, for it may have begun anew.
     */
    public void watch(String id) {
        synchronized (door) {
            if (closed) {
                return;
            }
            try {
                if (bell == null) {
                    bell = Pipe.open();
                }
                if (thread == null) {
                    thread = Thread.ofPlatform().daemon().name("health").start(this::work);
                }
                called.add(id);
                ring();
            } catch (IOException e) {
                LOG.warn("health checks cannot be run error={}", e.toString());
            }
        }
    }

    private void ring() throws IOException {
        if (!rung && bell != null) {
            rung = true;
            bell.writeEnd().outputStream().write(0);
        }
    }

    private void work() {
        try (var pipe = bell()) {
            var wrong = "";
            while (!isClosed()) {
                try {
                    turn(pipe);
                    wrong = "";
                } catch (IOException | RuntimeException | VirtualMachineError e) {
                    if (!wrong.equals(e.toString())) {
                        LOG.error("health checks are not run, which is tried again error={}", e.toString());
                    }
                    wrong = e.toString();
                    Thread.sleep(BREATH);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            running.values().forEach(HealthMonitor::abort);
        }
    }

    private boolean isClosed() {
        synchronized (door) {
            return closed;
        }
    }

    private void turn(Pipe pipe) throws IOException {
        for (var id = called.poll(); id != null; id = called.poll()) {
            look(id, true);
        }
        startDue();
        var fds = new ArrayList<Fd>(List.of(pipe.readEnd()));
        running.values().forEach(r -> fds.addAll(r.probe().waitsFor()));
        var ready = new HashSet<>(Poll.readable(fds, patience()));
        if (ready.contains(pipe.readEnd())) {
            synchronized (door) {
                pipe.readEnd().inputStream().read();
                rung = false;
            }
        }
        lookAtRunning(ready);
    }

    private Pipe bell() {
        synchronized (door) {
            if (bell == null) {
                throw new IllegalStateException("the bell is made before the thread");
            }
            return bell;
        }
    }

    private long now() {
        return System.nanoTime() - origin;
    }

    /** Until the next check is due or one that runs must be looked at; empty: until somebody calls. */
    private Optional<Duration> patience() {
        var now = now();
        var nearest =
                Optional.ofNullable(queue.peek()).map(due -> Duration.ofNanos(Math.max(0, due.sinceOrigin - now)));
        for (var one : running.values()) {
            var patience = one.probe().patience();
            if (patience.isPresent() && (nearest.isEmpty() || patience.get().compareTo(nearest.get()) < 0)) {
                nearest = patience;
            }
        }
        return nearest;
    }

    private void startDue() {
        var now = now();
        for (var due = queue.peek(); due != null && due.sinceOrigin <= now; due = queue.peek()) {
            queue.remove();
            var current = watched.get(due.id());
            if (current != null && current.due() == due.sinceOrigin) {
                look(due.id(), false);
            }
        }
    }

    /** Looks when the next check is due, and begins it when that is now. */
    private void look(String id, boolean fresh) {
        if (fresh) {
            forget(id);
        }
        if (running.containsKey(id)) {
            giveUpOutdated(running.get(id));
            return; // its end will tell
        }
        try {
            var files = store.files(id);
            var record = records.of(id, files.record());
            var check = record.flatMap(ContainerRecord::effective).flatMap(Effective::healthCheck);
            var run = check.isEmpty()
                    ? Optional.<Run>empty()
                    : runs.of(id, files.runRecord()).filter(Run::started).filter(Run::isAlive);
            if (check.isEmpty() || run.isEmpty()) {
                unwatch(id); // whoever starts it again watches it again
                return;
            }
            look(record.get(), check.get(), run.get(), fresh);
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            again(id, RETRY, e);
        }
    }

    /** A check that was changed while it runs does not count: the new one does not wait for its timeout. */
    private void giveUpOutdated(Running one) {
        var id = one.record().id();
        try {
            if (!one.probe().timedOut()
                    && !HealthProbes.isCheckOf(records.of(id, store.files(id).record()), one.check())) {
                one.probe().kill();
            }
        } catch (IOException | RuntimeException e) {
            LOG.debug("health check goes on until its end container={}", id, e);
        }
    }

    /**
     * It may have been removed between two looks, which the next one sees; or this host lacks something that comes
     * back, as a disk that is full has no room for a state, and this process memory while a commit takes it all.
     */
    private void again(String id, Duration wait, Throwable why) {
        if (why instanceof StateException state && state.reason() != StateException.Reason.DAMAGED) {
            // Another Lockstep's, which checks it: nothing changes about that while this one runs.
            LOG.debug("health checks ended container={} because={}", id, why.toString());
            unwatch(id);
            return;
        }
        LOG.warn("health check put off container={} error={}", id, why.toString());
        forget(id);
        schedule(id, Instant.EPOCH, Optional.empty(), wait);
    }

    private void unwatch(String id) {
        watched.remove(id);
        forget(id);
    }

    private void forget(String id) {
        records.forget(id);
        healths.forget(id);
        runs.forget(id);
    }

    private void look(ContainerRecord record, EffectiveHealthCheck check, Run run, boolean fresh) throws IOException {
        var id = record.id();
        var state = HealthProbes.state(run, healths.of(id, store.files(id).health()));
        var lastEnd = state.last().map(HealthResult::end);
        var known = Optional.ofNullable(watched.get(id))
                .filter(w ->
                        w.startedAt().equals(run.startedAt()) && w.lastEnd().equals(lastEnd));
        // By the wall clock only where somebody else made the last check; a clock that was set back must not stop us.
        var uptime = ProcessDetails.uptime();
        var wait = known.isPresent() && !fresh
                ? Duration.ZERO
                : Duration.between(clock.instant(), state.nextProbe(check, uptime));
        if (wait.isPositive()) {
            wait = shorter(wait, state.pause(check, uptime));
            var due = now() + wait.toNanos();
            if (known.filter(w -> w.due() <= due).isEmpty()) {
                schedule(id, run, lastEnd, wait);
            }
        } else if (isFreezing(record)) {
            schedule(id, run, lastEnd, check.interval());
        } else {
            begin(record, check, run, lastEnd);
        }
    }

    private void begin(ContainerRecord record, EffectiveHealthCheck check, Run run, Optional<Instant> lastEnd)
            throws IOException {
        // Its time has come: what looks for the next one must not take that for one that is still to come.
        watched.remove(record.id());
        HealthProbes.Begun begun;
        var uptime = ProcessDetails.uptime();
        try {
            begun = probes.begin(record, check, run);
        } catch (IOException e) {
            // Ended or paused just now, or this host lacks something at this moment: the next look will tell.
            LOG.debug("health check not begun container={} because={}", record.id(), e.toString());
            schedule(record.id(), run, lastEnd, check.interval());
            return;
        }
        switch (begun) {
            case HealthProbes.Begun.Runs(var probe) ->
                running.put(record.id(), new Running(record, check, run, probe, uptime));
            case HealthProbes.Begun.CannotRun(var result) -> keep(record, check, run, result, uptime);
            case HealthProbes.Begun.Elsewhere() -> schedule(record.id(), run, lastEnd, check.interval());
        }
    }

    private void lookAtRunning(Set<Fd> ready) {
        for (var one : List.copyOf(running.values())) {
            var over = one.probe().patience().filter(Duration::isZero).isPresent();
            if (over || one.probe().waitsFor().stream().anyMatch(ready::contains)) {
                lookAt(one);
            }
        }
    }

    private void lookAt(Running one) {
        var id = one.record().id();
        try {
            var result = one.probe().look();
            if (result.isPresent()) {
                running.remove(id);
                one.probe().close();
                if (one.probe().timedOut()
                        && isFreezing(one.record())
                        && HealthProbes.isCheckOf(records.of(id, store.files(id).record()), one.check())) {
                    // It stood still with its container: that says nothing about how the container is.
                    schedule(
                            id,
                            one.run(),
                            store.health(id).flatMap(HealthState::last).map(HealthResult::end),
                            one.check().interval());
                } else {
                    keep(one.record(), one.check(), one.run(), result.get(), one.begun());
                }
            }
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            if (running.remove(id) != null) {
                abort(one);
            }
            again(id, one.check().interval(), e);
        }
    }

    private boolean isFreezing(ContainerRecord record) throws IOException {
        return host.cgroups().at(store.files(record.id()).cgroup(record.spec())).isFreezing();
    }

    private void keep(ContainerRecord record, EffectiveHealthCheck check, Run run, HealthResult result, Duration begun)
            throws IOException {
        var id = record.id();
        var files = store.files(id);
        var kept = probes.keep(
                record,
                check,
                run,
                result,
                begun,
                () -> records.of(id, files.record()),
                runs.of(id, files.runRecord()),
                healths.of(id, files.health()));
        if (kept.isEmpty()) {
            look(id, true); // ended, begun anew, or with another check by now
            return;
        }
        schedule(id, run, Optional.of(result.end()), kept.get().state().pause(check, ProcessDetails.uptime()));
        if (kept.get().changed()) {
            changes.accept(id, kept.get().state().status());
        }
    }

    private void schedule(String id, Run run, Optional<Instant> lastEnd, Duration wait) {
        schedule(id, run.startedAt(), lastEnd, wait);
    }

    private void schedule(String id, Instant startedAt, Optional<Instant> lastEnd, Duration wait) {
        var due = now() + wait.toNanos();
        watched.put(id, new Watched(due, startedAt, lastEnd));
        queue.add(new Due(id, due));
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    private static void abort(Running one) {
        try {
            one.probe().abort();
        } catch (IOException | RuntimeException e) {
            LOG.debug("health check of {} left as it was", one.record().id(), e);
        }
    }

    /** Stops probing. A check that runs is killed, and nothing is kept of it. */
    @Override
    public void close() {
        Thread ending;
        synchronized (door) {
            closed = true;
            ending = thread;
            try {
                ring();
            } catch (IOException | IllegalStateException e) {
                LOG.debug("the thread has ended by itself", e);
            }
        }
        if (ending != null) {
            try {
                ending.join(Duration.ofSeconds(10));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
