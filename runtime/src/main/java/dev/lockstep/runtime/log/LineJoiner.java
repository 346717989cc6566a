package dev.lockstep.runtime.log;

import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Puts the pieces of long lines together again, per stream: the two interleave, also across rotated files. */
final class LineJoiner {
    /** A program that never ends its line must not fill our memory: such a line is handed out in parts. */
    private static final int LONGEST = 1 << 20;

    private record Begun(Instant time, ByteArrayOutputStream bytes) {}

    private final Map<LogEntry.Stream, Begun> begun = new EnumMap<>(LogEntry.Stream.class);

    /** The line that this record completes. */
    Optional<LogEntry> add(LogRecord record) {
        var line =
                begun.computeIfAbsent(record.stream(), stream -> new Begun(record.time(), new ByteArrayOutputStream()));
        line.bytes().writeBytes(record.content().array());
        if (!record.full() && line.bytes().size() < LONGEST) {
            return Optional.empty();
        }
        begun.remove(record.stream());
        return Optional.of(
                new LogEntry(line.time(), record.stream(), line.bytes().toByteArray(), record.full()));
    }

    /** What was begun and not ended. */
    List<LogEntry> rest() {
        var rest = new ArrayList<LogEntry>();
        begun.forEach((stream, line) ->
                rest.add(new LogEntry(line.time(), stream, line.bytes().toByteArray(), false)));
        begun.clear();
        return rest;
    }
}
