package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.log.LogEntry;
import dev.lockstep.runtime.log.LogLine;
import java.io.IOException;
import java.io.PrintStream;

/** Gives back what one container wrote, each stream on the stream of that name, to the byte. */
final class LogStreams implements LogOutput {
    private final LogBuffer out;
    private final LogBuffer err;
    private final boolean timed;
    private final LogClock clock = new LogClock();
    private LogBuffer last;

    LogStreams(PrintStream out, PrintStream err, boolean timed) {
        this.out = new LogBuffer(out, 1);
        this.err = new LogBuffer(err, 2);
        this.timed = timed;
        this.last = this.out;
    }

    @Override
    public void expect(ContainerRecord container) {
        // There is one.
    }

    @Override
    public void print(ContainerRecord container, LogLine line) throws IOException {
        var stream = line.stream() == LogEntry.Stream.STDERR ? err : out;
        if (stream != last) {
            last.flush(); // on a terminal they are seen in order
            last = stream;
        }
        if (timed) {
            stream.add(clock.show(line.nanos())).add(' ');
        }
        stream.add(line);
        if (line.complete()) {
            stream.add('\n');
        }
        stream.end();
    }

    @Override
    public void flush() throws IOException {
        last.flush();
    }
}
