package dev.lockstep.reconciler.agent;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartDecision;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Restarts that an agent which ends leaves to the on-exit script. Where another agent comes, that one waits for them;
 * else nobody would.
 */
final class LeftRestarts {
    private static final Logger LOG = LoggerFactory.getLogger(LeftRestarts.class);

    private final Engine engine;
    private Optional<Set<String>> ids = Optional.empty();

    LeftRestarts(Engine engine) {
        this.engine = engine;
    }

    /** Takes over what that one has left, which is closed. */
    void of(Supervisor supervisor) {
        ids = Optional.of(supervisor.left());
    }

    /**
     * Leaves them, and those of containers that have ended since: their own script has seen the agent's lock. To be
     * called when that is free again; no effect where there was no supervisor.
     */
    void leave() {
        if (ids.isEmpty()) {
            return;
        }
        var all = new HashSet<>(ids.get());
        try {
            for (var container : engine.containers().observe()) {
                if (isDue(container)) {
                    all.add(container.id());
                }
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("not all containers are looked at error={}", e.toString());
        }
        for (var id : all) {
            try {
                engine.containers().leaveRestart(id);
            } catch (IOException | RuntimeException e) {
                LOG.warn("restart is not left to the script container={} error={}", id, e.toString());
            }
        }
    }

    private boolean isDue(ObservedContainer container) throws IOException {
        return container.state() instanceof ContainerState.Exited(var unused, var finished)
                && (!finished || engine.containers().decideRestart(container.id()) instanceof RestartDecision.Restart);
    }
}
