package dev.lockstep.runtime.container;

import java.io.IOException;

/**
 * What a container gets in place of no input and two pipes, for one start.
 *
 * @param terminal a terminal, which is input and output in one
 * @param input its standard input is connected; else it reads end of file
 * @param prepared is called when conmon listens and before the program runs, so that nothing that it says is missed
 */
record Interaction(boolean terminal, boolean input, Prepared prepared) {
    /** Nobody is there. */
    static final Interaction NONE = new Interaction(false, false, files -> {});

    /** Hears of the moment before the program runs. */
    @FunctionalInterface
    interface Prepared {
        void accept(ContainerFiles files) throws IOException;
    }
}
