package dev.lockstep.runtime.event;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Reads on in an {@link EventLog} from where it ended when this was made; what is before that may be had, too. For one
 * thread.
 */
public final class EventTail implements AutoCloseable {
    private final EventLog log;
    private final WatchService watch;
    /** The file that was read last, whatever it is called by now. */
    private Optional<Object> file;

    private long position;
    private final List<Event> past;

    EventTail(EventLog log, Optional<Instant> since) throws IOException {
        this.log = log;
        this.watch = log.directory().getFileSystem().newWatchService();
        log.directory().register(watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
        var opened = false;
        try (var _ = log.unmoved()) {
            this.past = since.isPresent() ? pastUnmoved(since.get()) : List.of();
            this.file = key(log.current());
            if (since.isEmpty()) {
                this.position = file.isPresent() ? Files.size(log.current()) : 0;
            }
            opened = true;
        } finally {
            if (!opened) {
                watch.close();
            }
        }
    }

    /** All that is there, to the byte from which it is read on. */
    private List<Event> pastUnmoved(Instant since) throws IOException {
        var found = new ArrayList<Event>();
        for (var from : log.files().reversed()) {
            position = read(from, 0, found);
        }
        found.removeIf(event -> event.time().isBefore(since));
        return EventLog.byTime(found);
    }

    /**
     * What was written before this was made and happened then or later, by time, however far the clock says that it is
     * ahead; nothing where no past was asked for.
     */
    public List<Event> past() {
        return past;
    }

    /**
     * Waits until something happens.
     *
     * @return what was written since the last call, in the order of writing; nothing when that took longer
     */
    public List<Event> await(Duration timeout) throws IOException, InterruptedException {
        var deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            var found = read();
            var left = deadline - System.nanoTime();
            if (!found.isEmpty() || left <= 0) {
                return found;
            }
            var key = watch.poll(left, TimeUnit.NANOSECONDS);
            if (key != null) {
                key.pollEvents();
                key.reset();
            }
        }
    }

    private List<Event> read() throws IOException {
        try (var _ = log.unmoved()) {
            return readUnmoved();
        }
    }

    private List<Event> readUnmoved() throws IOException {
        var found = new ArrayList<Event>();
        var known = log.files().stream().filter(Files::exists).toList();
        if (known.isEmpty()) {
            return found;
        }
        var at = known.size() - 1;
        // Put aside meanwhile, perhaps more than once: its rest comes first, then those that came after it. Of one that
        // is gone by now nobody knows the rest.
        while (at > 0 && !key(known.get(at)).equals(file)) {
            at--;
        }
        if (!key(known.get(at)).equals(file)) {
            at = known.size() - 1;
            position = 0;
        }
        position = read(known.get(at), position, found);
        for (at--; at >= 0; at--) {
            position = read(known.get(at), 0, found);
        }
        file = key(known.getFirst());
        return found;
    }

    /** Whole lines only; returns where the next one begins. */
    private long read(Path from, long start, List<Event> found) throws IOException {
        try (var channel = FileChannel.open(from, StandardOpenOption.READ)) {
            var bytes = ByteBuffer.allocate(Math.toIntExact(Math.max(0, channel.size() - start)));
            var n = 1;
            while (bytes.hasRemaining() && n > 0) {
                n = channel.read(bytes, start + bytes.position());
            }
            var length = bytes.position();
            while (length > 0 && bytes.get(length - 1) != '\n') {
                length--;
            }
            found.addAll(log.parse(new String(bytes.array(), 0, length, StandardCharsets.UTF_8).lines()));
            return start + length;
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    private static Optional<Object> key(Path path) throws IOException {
        try {
            return Optional.ofNullable(
                    Files.readAttributes(path, BasicFileAttributes.class).fileKey());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public void close() throws IOException {
        watch.close();
    }
}
