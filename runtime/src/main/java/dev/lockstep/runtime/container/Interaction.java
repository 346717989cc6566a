package dev.lockstep.runtime.container;

import java.io.IOException;

/**
 * Who is at the streams of a container for one start. What streams it has is in its {@link ProcessOptions}.
 *
 * @param inputEnds its input ends with that of whoever is attached, as in a pipe; else it stays open for the next one
 * @param prepared is called when conmon listens and before the program runs, so that nothing that it says is missed
 */
record Interaction(boolean inputEnds, Prepared prepared) {
    /** Nobody is there. */
    static final Interaction NONE = new Interaction(false, files -> {});

    /** Hears of the moment before the program runs. */
    @FunctionalInterface
    interface Prepared {
        void accept(ContainerFiles files) throws IOException;
    }
}
