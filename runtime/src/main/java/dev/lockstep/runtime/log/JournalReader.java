package dev.lockstep.runtime.log;

import dev.lockstep.runtime.linux.Pipe;
import dev.lockstep.runtime.linux.ProcessSpawner;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What conmon sent to the journal for one container, by {@code journalctl -o export}: that form keeps bytes as they
 * are. Each time that it is asked anew it goes on behind the last record, so it needs no process that waits. The
 * journal counts a tail in records, of which a line of more than 8 KiB has several, and knows microseconds.
 */
public final class JournalReader implements LogReader {
    /** A record that is longer is none of conmon's. */
    private static final long LONGEST = 1 << 22;

    private static final long MICRO = 1000;

    private final Journal journal;
    private final String id;

    /** Of the container with that id, all of it. */
    public JournalReader(Journal journal, String id) {
        this.journal = journal;
        this.id = id;
    }

    @Override
    public LogSource open(LogQuery query) throws IOException {
        return new Source(query, journal.program().get());
    }

    static List<String> arguments(Path program, String id, LogQuery query, Optional<String> cursor) {
        var argv = new ArrayList<>(List.of(
                program.toString(),
                "--output=export",
                "--output-fields=MESSAGE,PRIORITY,CONTAINER_PARTIAL_MESSAGE",
                "--quiet",
                "--no-pager"));
        if (cursor.isPresent()) {
            argv.add("--after-cursor=" + cursor.get());
        } else {
            query.since().ifPresent(since -> argv.add("--since=" + time(since)));
            query.tail().ifPresent(tail -> argv.add("--lines=" + tail));
        }
        query.until().ifPresent(until -> argv.add("--until=" + time(until)));
        argv.add("CONTAINER_ID_FULL=" + id);
        return argv;
    }

    private static String time(Instant time) {
        return "@%d.%06d".formatted(time.getEpochSecond(), time.getNano() / MICRO);
    }

    private final class Source implements LogSource {
        private final LogQuery query;
        private final Path program;
        private final LogLine line = new LogLine();
        private final Pieces out = new Pieces(LogEntry.Stream.STDOUT);
        private final Pieces err = new Pieces(LogEntry.Stream.STDERR);
        private Optional<String> cursor = Optional.empty();
        private Optional<Answer> answer = Optional.empty();
        private boolean asked;

        Source(LogQuery query, Path program) {
            this.query = query;
            this.program = program;
        }

        /** Where the journal ends for us: of no record there is no cursor, so the last one is asked for and dropped. */
        private void skipAll() throws IOException {
            ask(new LogQuery(OptionalInt.of(1), query.since(), query.until()));
            while (nextOfAnswer()) {
                // of before
            }
            out.forget();
            err.forget();
        }

        private void ask(LogQuery what) throws IOException {
            answer = Optional.of(new Answer(arguments(program, id, what, cursor)));
            asked = true;
        }

        @Override
        public boolean next() throws IOException {
            if (!asked && query.tail().equals(OptionalInt.of(0))) {
                skipAll();
            }
            if (answer.isEmpty()) {
                // Nothing was there yet: what comes now is all new, whatever tail was asked for.
                var now = asked && cursor.isEmpty()
                        ? new LogQuery(OptionalInt.empty(), query.since(), query.until())
                        : query;
                ask(now);
            }
            return nextOfAnswer();
        }

        private boolean nextOfAnswer() throws IOException {
            for (var record = answer.get().next();
                    record.isPresent();
                    record = answer.get().next()) {
                cursor = Optional.of(record.get().cursor());
                if (record.get().addTo(out, err, line)) {
                    return true;
                }
            }
            close();
            return false;
        }

        @Override
        public boolean unfinished() {
            return out.take(false, line) || err.take(false, line);
        }

        @Override
        public LogLine line() {
            return line;
        }

        @Override
        public boolean hasGap() {
            return false;
        }

        @Override
        public void close() throws IOException {
            var open = answer;
            answer = Optional.empty();
            if (open.isPresent()) {
                open.get().close();
            }
        }
    }

    /** One run of the program. */
    private static final class Answer {
        private final Pipe pipe = Pipe.open();
        private final int pid;
        private final ExportFormat records;

        Answer(List<String> argv) throws IOException {
            var started = false;
            try {
                pid = ProcessSpawner.spawn(new ProcessSpawner.Command(
                        argv,
                        List.of("LC_ALL=C.UTF-8", "SYSTEMD_COLORS=0"),
                        new ProcessSpawner.Stream.Nothing(),
                        new ProcessSpawner.Stream.Descriptor(pipe.writeEnd()),
                        new ProcessSpawner.Stream.Nothing(),
                        List.of()));
                started = true;
            } finally {
                if (!started) {
                    pipe.close();
                }
            }
            pipe.writeEnd().close();
            records = new ExportFormat(pipe.readEnd().inputStream());
        }

        Optional<JournalRecord> next() throws IOException {
            return records.next();
        }

        void close() throws IOException {
            pipe.close(); // what it still wants to say ends it
            ProcessSpawner.reap(pid);
        }
    }

    /** What the journal has of one line, or of a part of it. */
    record JournalRecord(String cursor, long micros, boolean error, boolean partial, Message message) {
        /** Bytes, so that the record has no array in it. */
        @SuppressWarnings("ArrayRecordComponent") // never leaves this class, and nobody changes it
        record Message(byte[] bytes) {}

        boolean addTo(Pieces out, Pieces err, LogLine line) {
            var bytes = message.bytes();
            var end = bytes.length > 0 && bytes[bytes.length - 1] == '\n' ? bytes.length - 1 : bytes.length;
            return (error ? err : out).add(micros * MICRO, !partial, bytes, 0, end, line);
        }
    }

    /** The journal's export format: a field a line, or its name, its length in 8 bytes and its bytes. */
    static final class ExportFormat {
        private final InputStream in;

        ExportFormat(InputStream in) {
            this.in = new BufferedInputStream(in, 1 << 16);
        }

        Optional<JournalRecord> next() throws IOException {
            var cursor = "";
            var micros = 0L;
            var error = false;
            var partial = false;
            var message = new byte[0];
            var any = false;
            while (true) {
                var text = line();
                if (text.isEmpty() || text.get().length == 0) {
                    if (any || text.isEmpty()) {
                        return any
                                ? Optional.of(new JournalRecord(
                                        cursor, micros, error, partial, new JournalRecord.Message(message)))
                                : Optional.empty();
                    }
                    continue;
                }
                any = true;
                var bytes = text.get();
                var equals = indexOf(bytes);
                var name = new String(bytes, 0, equals, StandardCharsets.US_ASCII);
                var value = equals == bytes.length
                        ? binary()
                        : java.util.Arrays.copyOfRange(bytes, equals + 1, bytes.length);
                var word = value.length < 1024 ? new String(value, StandardCharsets.UTF_8) : "";
                switch (name) {
                    case "__CURSOR" -> cursor = word;
                    case "__REALTIME_TIMESTAMP" -> micros = Long.parseLong(word);
                    case "PRIORITY" -> error = word.equals("3");
                    case "CONTAINER_PARTIAL_MESSAGE" -> partial = word.equals("true");
                    case "MESSAGE" -> message = value;
                    default -> {
                        // The journal adds some of its own.
                    }
                }
            }
        }

        private static int indexOf(byte[] bytes) {
            for (var i = 0; i < bytes.length; i++) {
                if (bytes[i] == '=') {
                    return i;
                }
            }
            return bytes.length;
        }

        /** Empty at the end. */
        private Optional<byte[]> line() throws IOException {
            var line = new ByteArrayOutputStream();
            for (int b; (b = in.read()) >= 0; ) {
                if (b == '\n') {
                    return Optional.of(line.toByteArray());
                }
                line.write(b);
            }
            return Optional.empty();
        }

        private byte[] binary() throws IOException {
            var length = 0L;
            for (var i = 0; i < Long.BYTES; i++) {
                length |= (long) in.read() << (8 * i);
            }
            if (length < 0 || length > LONGEST) {
                throw new IOException("the journal has a record of " + length + " bytes");
            }
            var value = in.readNBytes((int) length);
            in.read(); // a newline
            return value;
        }
    }
}
