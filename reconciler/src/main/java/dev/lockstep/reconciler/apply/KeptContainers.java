package dev.lockstep.reconciler.apply;

import dev.lockstep.reconciler.plan.KeptName;
import dev.lockstep.runtime.container.Containers;
import dev.lockstep.runtime.container.ObservedContainer;
import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Containers that others have taken the place of, stopped and under another name until somebody knows whether the new
 * ones are well: then going back is a start. Nothing of this must be remembered: a plan knows them by their names, and
 * either takes them back or removes them.
 */
public final class KeptContainers {
    private final Containers containers;
    private final Queue<String> ids = new ConcurrentLinkedQueue<>();

    public KeptContainers(Containers containers) {
        this.containers = containers;
    }

    /** Gives the name of a stopped container to the one that was made to replace it. */
    void setAside(String id) throws IOException {
        var record = containers.observe(id).map(ObservedContainer::record);
        if (record.isPresent()) {
            containers.rename(id, KeptName.of(record.get()));
            ids.add(id);
        }
    }

    /** Undoes {@link #setAside}, once the other one is gone. */
    void putBack(String id, String name) throws IOException {
        if (ids.remove(id)) {
            containers.rename(id, name);
        }
    }

    /** Removes them: nobody will go back to them. */
    public void letGo() throws IOException {
        for (var id = ids.poll(); id != null; id = ids.poll()) {
            if (containers.observe(id).isPresent()) {
                containers.remove(id, true, false);
            }
        }
    }
}
