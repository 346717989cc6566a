package dev.lockstep.runtime.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Reads conmon's {@code k8s-file} format: time, stream, {@code F} or {@code P} (more of the line follows), bytes. Puts
 * the pieces of long lines together again, per stream: the two interleave, also across rotated files.
 */
final class LogCursor implements LogSource {
    /** No record of conmon's is nearly as long, for it reads 8 KiB at a time. */
    private static final int BUFFER = 1 << 18;

    /** {@code 2026-11-24T14:16:40.890202037+00:00}, and then {@code stdout}. */
    private static final int TIME = 35;

    private static final int NAME = 6;

    private final LogBytes source;
    private final long since;
    private final long until;
    private final byte[] buffer = new byte[BUFFER];
    private final ByteBuffer room = ByteBuffer.wrap(buffer);
    private final Timestamps times = new Timestamps();
    private final Pieces out = new Pieces(LogEntry.Stream.STDOUT);
    private final Pieces err = new Pieces(LogEntry.Stream.STDERR);
    private final Deque<LogEntry> tail = new ArrayDeque<>();
    private final LogLine line = new LogLine();
    private int begin;
    private int scanned;
    private int end;
    private boolean tooLong;

    private LogCursor(LogFiles files, LogQuery query) {
        this.source = new LogBytes(files);
        this.since = query.since().map(LogLine::nanos).orElse(Long.MIN_VALUE);
        this.until = query.until().map(LogLine::nanos).orElse(Long.MAX_VALUE);
    }

    /** At the first line that is asked for; of a tail the lines are counted that are there now. */
    static LogCursor open(LogFiles files, LogQuery query) throws IOException {
        var cursor = new LogCursor(files, query);
        var opened = false;
        try {
            if (query.tail().isPresent()) {
                cursor.readTail(query.tail().getAsInt());
            }
            opened = true;
            return cursor;
        } finally {
            if (!opened) {
                cursor.close();
            }
        }
    }

    private void readTail(int wanted) throws IOException {
        if (until == Long.MAX_VALUE) {
            source.skipTo(wanted);
        }
        while (nextOfFiles()) {
            if (tail.size() == wanted) {
                tail.pollFirst();
            }
            if (wanted > 0) {
                tail.addLast(line.copy());
            }
        }
        for (var parts : List.of(out, err)) {
            if (parts.begun() && wanted == 0) {
                parts.forget(); // of before
            } else if (parts.begun() && tail.size() == wanted) {
                tail.removeFirst(); // what is begun counts as well
            }
        }
    }

    @Override
    public boolean next() throws IOException {
        if (!tail.isEmpty()) {
            line.set(tail.removeFirst());
            return true;
        }
        return nextOfFiles();
    }

    private boolean nextOfFiles() throws IOException {
        while (true) {
            var newline = newline(scanned, end);
            if (newline < 0) {
                scanned = end;
                if (!fill()) {
                    return false;
                }
                continue;
            }
            var from = begin;
            begin = newline + 1;
            scanned = begin;
            if (tooLong) {
                tooLong = false;
            } else if (record(from, newline)) {
                return true;
            }
        }
    }

    private int newline(int from, int to) {
        for (var i = from; i < to; i++) {
            if (buffer[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    private boolean fill() throws IOException {
        if (begin > 0) {
            System.arraycopy(buffer, begin, buffer, 0, end - begin);
            end -= begin;
            begin = 0;
        }
        if (end == buffer.length) {
            tooLong = true; // none of conmon's
            end = 0;
        }
        scanned = end;
        room.limit(buffer.length).position(end);
        var n = source.read(room);
        if (n > 0) {
            end += n;
        } else if (n == LogBytes.NEXT_FILE) {
            end = 0; // a record that the disk had no room for
            scanned = 0;
            tooLong = false;
        }
        if (end == buffer.length) {
            source.lookAhead(); // there is much to read: meanwhile files must not get lost
        }
        return n != LogBytes.NOTHING;
    }

    /** Reads one; false when it completes no line that is asked for. */
    private boolean record(int from, int to) {
        int timeEnd;
        int nameEnd;
        if (to - from > TIME + NAME + 2 && buffer[from + TIME] == ' ' && buffer[from + TIME + 1 + NAME] == ' ') {
            timeEnd = from + TIME;
            nameEnd = timeEnd + 1 + NAME;
        } else {
            timeEnd = blank(from, to);
            nameEnd = timeEnd < 0 ? -1 : blank(timeEnd + 1, to);
        }
        if (nameEnd < 0 || nameEnd + 1 >= to) {
            return false;
        }
        var tag = buffer[nameEnd + 1];
        if (tag != 'F' && tag != 'P') {
            return false;
        }
        var time = times.parse(buffer, from, timeEnd);
        if (time == Timestamps.NONE) {
            return false;
        }
        // stdout, stderr
        var parts = nameEnd - timeEnd == NAME + 1 && buffer[timeEnd + 4] == 'e' ? err : out;
        return parts.add(time, tag == 'F', buffer, Math.min(nameEnd + 3, to), to, line) && isAskedFor();
    }

    private int blank(int from, int to) {
        for (var i = from; i < to; i++) {
            if (buffer[i] == ' ') {
                return i;
            }
        }
        return -1;
    }

    private boolean isAskedFor() {
        return line.nanos() >= since && line.nanos() <= until;
    }

    @Override
    public boolean unfinished() {
        return out.take(false, line) && isAskedFor() || err.take(false, line) && isAskedFor();
    }

    @Override
    public LogLine line() {
        return line;
    }

    @Override
    public boolean hasGap() {
        return source.hasGap();
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
