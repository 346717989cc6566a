package dev.lockstep.runtime.log;

import java.io.IOException;

/** The log of one container. */
public interface LogReader {
    /**
     * Opens it at the first line that is asked for.
     *
     * @throws IOException also where the log goes somewhere from where it cannot be read
     */
    LogSource open(LogQuery query) throws IOException;

    /** Receives lines, oldest first. */
    @FunctionalInterface
    interface Sink {
        /** Called for one line at a time, on the reading thread. */
        void accept(LogEntry entry) throws IOException;
    }

    /** Hands out what there is now, an unfinished last line included. */
    default void read(LogQuery query, Sink sink) throws IOException {
        try (var source = open(query)) {
            while (source.next() || source.unfinished()) {
                sink.accept(source.line().copy());
            }
        }
    }

    /** Of these files. */
    static LogReader of(LogFiles files) {
        return query -> LogCursor.open(files, query);
    }
}
