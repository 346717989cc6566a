package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.log.LogLine;
import java.io.IOException;

/** How lines of logs are shown. Not for two threads at once. */
interface LogOutput {
    /** Lines of that container may come. */
    void expect(ContainerRecord container);

    /**
     * Shows one line, at the latest with the next {@link #flush}.
     *
     * @throws IOException when nobody reads any more
     */
    void print(ContainerRecord container, LogLine line) throws IOException;

    /**
     * Says, behind its last line, that a container has ended; where only what programs wrote is shown, nothing.
     *
     * @throws IOException when nobody reads any more
     */
    default void ended(ContainerRecord container, int code) throws IOException {}

    /** Hands on what was shown. */
    void flush() throws IOException;
}
