package dev.lockstep.reconciler.apply;

import dev.lockstep.runtime.container.ContainerSpec;
import java.io.IOException;

/** Files of the repository that have to be on the host before a container that mounts them starts. */
public interface BeforeStart {
    /** Puts in place what never changes: harmless while anything runs. Called before the container is made. */
    void materialise(ContainerSpec spec) throws IOException;

    /** Brings what outlives revisions to the wanted one. Called while no container of that slot runs. */
    void install(ContainerSpec spec) throws IOException;

    /** Brings contents that lie in memory alone. Called when the container is made, and before every start of it. */
    default void provide(ContainerSpec spec) throws IOException {}

    /** Nothing to prepare: everything that is mounted is the user's own. */
    BeforeStart NOTHING = new BeforeStart() {
        @Override
        public void materialise(ContainerSpec spec) {}

        @Override
        public void install(ContainerSpec spec) {}
    };
}
