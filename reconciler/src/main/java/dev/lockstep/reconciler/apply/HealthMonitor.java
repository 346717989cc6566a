package dev.lockstep.reconciler.apply;

import dev.lockstep.runtime.container.Containers;
import dev.lockstep.runtime.container.HealthState;
import dev.lockstep.runtime.container.ObservedContainer;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs health checks when they are due, each container's one after the other. The state is on disk, so an agent that
 * starts again goes on, and two processes that watch the same container do not probe it twice: whoever comes late finds
 * the next probe not due yet.
 */
public final class HealthMonitor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HealthMonitor.class);

    /** How often to look whether a container goes on; its own interval may be long over by then. */
    private static final Duration PAUSED = Duration.ofSeconds(1);

    private final Containers containers;
    private final InstantSource clock;
    private final BiConsumer<String, HealthState.Status> changes;
    private final ScheduledExecutorService timers;
    private final Set<String> watched = ConcurrentHashMap.newKeySet();

    /** @param changes hears of every change: container id and new status */
    public HealthMonitor(Containers containers, InstantSource clock, BiConsumer<String, HealthState.Status> changes) {
        this.containers = containers;
        this.clock = clock;
        this.changes = changes;
        // Probes block in native calls, which virtual threads must not.
        this.timers = Executors.newScheduledThreadPool(
                2, Thread.ofPlatform().daemon().name("health-", 0).factory());
    }

    /** Probes the container as long as it runs; no effect when it is watched already or has no health check. */
    public void watch(String id) {
        if (watched.add(id)) {
            schedule(id, Duration.ZERO);
        }
    }

    private void schedule(String id, Duration delay) {
        try {
            var _ = timers.schedule(() -> look(id), Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            watched.remove(id); // closed meanwhile
        }
    }

    private void look(String id) {
        try {
            var container = containers.observe(id);
            var next = nextProbe(container);
            if (container.filter(ObservedContainer::isPaused).isPresent()) {
                schedule(id, PAUSED);
            } else if (next.isEmpty()) {
                watched.remove(id);
            } else if (next.get().isPositive()) {
                schedule(id, next.get());
            } else {
                probe(id);
                schedule(id, Duration.ZERO);
            }
        } catch (IOException | RuntimeException e) {
            // It may have been removed between two looks; whoever starts it again watches it again.
            LOG.debug("health check ended container={} because={}", id, e.toString());
            watched.remove(id);
        }
    }

    private void probe(String id) throws IOException {
        var before = status(id);
        containers.probe(id);
        var after = status(id);
        if (after.isPresent() && !after.equals(before)) {
            changes.accept(id, after.get());
        }
    }

    private Optional<HealthState.Status> status(String id) throws IOException {
        return containers.observe(id).flatMap(ObservedContainer::health).map(HealthState::status);
    }

    /** Time until the next probe; empty when there is none to come. */
    private Optional<Duration> nextProbe(Optional<ObservedContainer> container) {
        return container
                .filter(ObservedContainer::isRunning)
                .flatMap(c -> c.record()
                        .made()
                        .healthCheck()
                        .flatMap(check ->
                                c.health().map(state -> Duration.between(clock.instant(), state.nextProbe(check)))));
    }

    /** Stops probing. A probe that runs is not waited for. */
    @Override
    public void close() {
        timers.shutdownNow();
    }
}
