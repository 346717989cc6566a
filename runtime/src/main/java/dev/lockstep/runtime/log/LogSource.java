package dev.lockstep.runtime.log;

import java.io.Closeable;
import java.io.IOException;

/**
 * Lines of one container, one after the other. Never waits for what is not written yet. Not for two threads at once.
 */
public interface LogSource extends Closeable {
    /** Goes to the next line; false when there is none at present. Later there may be. */
    boolean next() throws IOException;

    /**
     * Goes to what was begun and not ended, once {@link #next} has nothing more; false when there is nothing. For when
     * the container has ended, or nobody will ask again.
     */
    boolean unfinished() throws IOException;

    /** Where it stands, after a {@code true}; changes with the next step. */
    LogLine line();

    /** Whether lines may have been rotated away before they could be read. */
    boolean hasGap();
}
