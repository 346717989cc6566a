package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartPolicy;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An end becomes an event when somebody puts it away. Where no agent runs, whoever asks for events does: else the end
 * of a container without a restart policy would be told by the next command.
 */
record Ends(Engine engine, Set<String> watched) {
    Ends(Engine engine) {
        this(engine, ConcurrentHashMap.newKeySet());
    }

    /**
     * Puts its next end away. No effect when it does not run, or is watched already; nor with a restart policy: then
     * others put the end away and start it again, who would leave that to us.
     */
    void watch(ObservedContainer container) {
        var policy = container.record().spec().restart().condition();
        if (policy == RestartPolicy.Condition.NO && container.isRunning() && watched.add(container.id())) {
            Thread.ofPlatform().daemon().name("end-of-" + container.name()).start(() -> {
                try {
                    engine.containers().await(container.id());
                    watched.remove(container.id());
                    engine.containers().finishExit(container.id());
                } catch (IOException e) {
                    watched.remove(container.id()); // removed, and that has been told
                }
            });
        }
    }
}
