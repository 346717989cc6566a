package dev.lockstep.runtime.log;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Optional;

/**
 * One line of conmon's {@code k8s-file} format: time, stream, {@code F} or {@code P} (more of the line follows), bytes.
 * The time has the host's zone, not always Z.
 */
record LogRecord(Instant time, LogEntry.Stream stream, boolean full, Bytes content) {
    /** Bytes, so that the record has no array in it. */
    @SuppressWarnings("ArrayRecordComponent") // never leaves this package, and nobody changes it
    record Bytes(byte[] array) {}

    /** Reads a line without its newline; empty when it is none of conmon's. */
    static Optional<LogRecord> parse(byte[] line, int length) {
        var first = indexOfBlank(line, 0, length);
        var second = first < 0 ? -1 : indexOfBlank(line, first + 1, length);
        if (second < 0 || second + 2 > length) {
            return Optional.empty();
        }
        var name = new String(line, first + 1, second - first - 1, StandardCharsets.US_ASCII);
        var tag = line[second + 1];
        if (tag != 'F' && tag != 'P') {
            return Optional.empty();
        }
        try {
            var time = OffsetDateTime.parse(new String(line, 0, first, StandardCharsets.US_ASCII))
                    .toInstant();
            var stream = name.equals("stderr") ? LogEntry.Stream.STDERR : LogEntry.Stream.STDOUT;
            var begin = Math.min(second + 3, length);
            return Optional.of(
                    new LogRecord(time, stream, tag == 'F', new Bytes(Arrays.copyOfRange(line, begin, length))));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static int indexOfBlank(byte[] line, int from, int length) {
        for (var i = from; i < length; i++) {
            if (line[i] == ' ') {
                return i;
            }
        }
        return -1;
    }
}
