package dev.lockstep.runtime.log;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Reads the log of one container, over rotated files. */
public final class LogReader {
    private final LogFiles files;

    /** Receives lines, oldest first. */
    @FunctionalInterface
    public interface Sink {
        /** Called for one line at a time, on the reading thread. */
        void accept(LogEntry entry) throws IOException;
    }

    /** A reader of those files. */
    public LogReader(LogFiles files) {
        this.files = files;
    }

    /** Hands out what there is now, an unfinished last line included. */
    public void read(LogQuery query, Sink sink) throws IOException {
        try (var cursor = new Cursor()) {
            readPresent(query, cursor, sink, true);
        }
    }

    /**
     * Hands out what there is now, then what comes, until {@code ended} says that nothing more will be written and
     * everything is read. Blocks, and looks at {@code ended} a few times a second.
     */
    public void follow(LogQuery query, BooleanSupplier ended, Sink sink) throws IOException {
        try (var watcher = files.directory().getFileSystem().newWatchService();
                var cursor = new Cursor()) {
            files.directory()
                    .register(watcher, StandardWatchEventKinds.ENTRY_MODIFY, StandardWatchEventKinds.ENTRY_CREATE);
            readPresent(query, cursor, sink, false);
            var filter = new LogQuery(java.util.OptionalInt.empty(), query.since(), query.until());
            while (true) {
                // Asked before reading: what was written before the end is then read after it.
                var last = ended.getAsBoolean();
                cursor.drain(entry -> deliver(filter, entry, sink));
                if (last) {
                    for (var entry : cursor.joiner.rest()) {
                        deliver(filter, entry, sink);
                    }
                    return;
                }
                var key = watcher.poll(200, TimeUnit.MILLISECONDS);
                if (key != null) {
                    key.pollEvents();
                    key.reset();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void readPresent(LogQuery query, Cursor cursor, Sink sink, boolean rest) throws IOException {
        if (query.tail().isEmpty()) {
            cursor.drain(entry -> deliver(query, entry, sink));
            if (rest) {
                for (var entry : cursor.joiner.rest()) {
                    deliver(query, entry, sink);
                }
            }
            return;
        }
        var wanted = query.tail().getAsInt();
        var kept = new ArrayDeque<LogEntry>();
        Sink keep = entry -> {
            if (matches(query, entry)) {
                kept.addLast(entry);
                if (kept.size() > wanted) {
                    kept.removeFirst();
                }
            }
        };
        cursor.drain(keep);
        if (rest) {
            for (var entry : cursor.joiner.rest()) {
                keep.accept(entry);
            }
        }
        for (var entry : kept) {
            sink.accept(entry);
        }
    }

    private static void deliver(LogQuery query, LogEntry entry, Sink sink) throws IOException {
        if (matches(query, entry)) {
            sink.accept(entry);
        }
    }

    private static boolean matches(LogQuery query, LogEntry entry) {
        return query.since().filter(entry.time()::isBefore).isEmpty()
                && query.until().filter(entry.time()::isAfter).isEmpty();
    }

    /** Where reading has come to: an open file and what was begun in it. */
    private final class Cursor implements AutoCloseable {
        private final LineJoiner joiner = new LineJoiner();
        private final ByteBuffer buffer = ByteBuffer.allocate(65536);
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();
        private @Nullable FileChannel file;
        private @Nullable Object key;

        /** Reads everything that is there, into the newest file. */
        void drain(Sink sink) throws IOException {
            if (file == null && !open(files.oldestFirst().stream().findFirst())) {
                return;
            }
            do {
                readToEnd(sink);
            } while (advance(sink));
        }

        /** Goes to the next newer file; false when this is the newest. */
        private boolean advance(Sink sink) throws IOException {
            Optional<Path> next = Optional.empty();
            var seen = false;
            var all = files.oldestFirst();
            for (var candidate : all) {
                if (seen) {
                    next = Optional.of(candidate);
                    break;
                }
                seen = keyOf(candidate).filter(found -> found.equals(key)).isPresent();
            }
            if (!seen) {
                // Ours was rotated away while we were slow.
                next = all.stream().findFirst();
            }
            if (next.isEmpty()) {
                return false;
            }
            // The newer file exists, so conmon has left ours: read what it wrote there last.
            readToEnd(sink);
            return open(next);
        }

        private void readToEnd(Sink sink) throws IOException {
            var channel = file;
            if (channel == null) {
                return;
            }
            while (channel.read(buffer.clear()) > 0) {
                buffer.flip();
                var begin = 0;
                for (var i = 0; i < buffer.limit(); i++) {
                    if (buffer.get(i) == '\n') {
                        line.write(buffer.array(), begin, i - begin);
                        begin = i + 1;
                        var record = LogRecord.parse(line.toByteArray(), line.size());
                        line.reset();
                        if (record.isPresent()) {
                            var entry = joiner.add(record.get());
                            if (entry.isPresent()) {
                                sink.accept(entry.get());
                            }
                        }
                    }
                }
                line.write(buffer.array(), begin, buffer.limit() - begin);
            }
        }

        private boolean open(Optional<Path> path) throws IOException {
            if (path.isEmpty()) {
                return false;
            }
            close();
            try {
                var opened = FileChannel.open(path.get(), StandardOpenOption.READ);
                file = opened;
                key = keyOf(path.get()).orElse(null);
                return true;
            } catch (NoSuchFileException e) {
                return false;
            }
        }

        private static Optional<Object> keyOf(Path path) throws IOException {
            try {
                return Optional.ofNullable(
                        Files.readAttributes(path, BasicFileAttributes.class).fileKey());
            } catch (NoSuchFileException e) {
                return Optional.empty();
            }
        }

        @Override
        public void close() throws IOException {
            var open = file;
            file = null;
            if (open != null) {
                open.close();
            }
        }
    }
}
