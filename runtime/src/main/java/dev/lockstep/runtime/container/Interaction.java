package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Terminal;
import java.io.IOException;
import java.util.Optional;

/**
 * Who is at the streams of a container for one start. What streams it has is in its {@link ProcessOptions}.
 *
 * @param inputEnds its input ends with that of whoever is attached, as in a pipe; else it stays open for the next one
 * @param size of the terminal that it begins with; empty where nobody looks at one
 * @param prepared is called when conmon listens and before the program runs, so that nothing that it says is missed
 */
record Interaction(boolean inputEnds, Optional<Terminal.Size> size, Prepared prepared) {
    /** Nobody is there. */
    static final Interaction NONE = new Interaction(false, Optional.empty(), files -> {});

    /** Hears of the moment before the program runs. */
    @FunctionalInterface
    interface Prepared {
        void accept(ContainerFiles files) throws IOException;
    }
}
