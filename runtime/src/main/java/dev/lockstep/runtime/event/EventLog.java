package dev.lockstep.runtime.event;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events of one root, a JSON document a line, in {@code events/log}; the file is put aside as {@code log.1} and so
 * on when it is large, and the oldest goes. Any number of processes write: each line is one {@code write(2)} to a file
 * that is opened to append, which the kernel does not mix with others. What a power failure takes back are the last
 * seconds; a line that it or a full disk has torn stays as it is, and the next one begins on its own.
 *
 * <p>An event that cannot be written stops nothing: what it tells of has happened.
 */
public final class EventLog {
    private static final Logger LOG = LoggerFactory.getLogger(EventLog.class);
    private static final long LARGEST = 4 << 20;
    private static final int KEPT = 4;

    private final Root root;
    private final Path directory;
    private final long largest;
    /** The size of the current file when it was found to end with a whole line: then it does not have to be read. */
    private volatile long whole;

    /** The events of that root. */
    public EventLog(Root root) {
        this(root, LARGEST);
    }

    EventLog(Root root, long largest) {
        this.root = root;
        this.directory = root.state().resolve("events");
        this.largest = largest;
    }

    private Path file(int number) {
        return directory.resolve(number == 0 ? "log" : "log." + number);
    }

    /** Writes one down. */
    public void add(Event event) {
        try {
            Root.directory(directory);
            var line = ByteBuffer.wrap((root.json().writeValueAsString(event) + "\n").getBytes(StandardCharsets.UTF_8));
            if (write(line) > largest) {
                rotate();
            }
        } catch (IOException e) {
            LOG.warn("event not written action={} id={} error={}", event.action(), event.id(), e.toString());
        }
    }

    /** Returns how large the file is then. */
    private long write(ByteBuffer line) throws IOException {
        try (var _ = unmoved();
                var channel = FileChannel.open(
                        file(0),
                        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            var before = channel.size();
            // What another is writing right now may look torn too: an empty line more, which readers skip.
            var text = before != whole && endsTorn()
                    ? ByteBuffer.allocate(line.remaining() + 1)
                            .put((byte) '\n')
                            .put(line)
                            .flip()
                    : line;
            var length = text.remaining();
            channel.write(text);
            if (text.hasRemaining()) {
                throw new IOException("there was room for a part of it only"); // its rest would not follow it
            }
            var after = channel.size();
            if (after == before + length) {
                whole = after; // nobody else has written meanwhile
            }
            return after;
        }
    }

    private boolean endsTorn() throws IOException {
        try (var channel = FileChannel.open(file(0), StandardOpenOption.READ)) {
            var last = ByteBuffer.allocate(1);
            return channel.read(last, Math.max(0, channel.size() - 1)) == 1 && last.get(0) != '\n';
        }
    }

    /** As long as it is open no file gets another name: what is put aside is complete. */
    Flock unmoved() throws IOException {
        return Flock.shared(root.lock("events"));
    }

    private void rotate() throws IOException {
        try (var _ = Flock.exclusive(root.lock("events"))) {
            if (Files.notExists(file(0)) || Files.size(file(0)) <= largest) {
                return; // somebody else was faster
            }
            for (var number = KEPT - 1; number >= 0; number--) {
                if (Files.exists(file(number))) {
                    Files.move(
                            file(number),
                            file(number + 1),
                            StandardCopyOption.ATOMIC_MOVE,
                            StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    /** What happened at {@code since} or later and not after {@code until}, by time. */
    public List<Event> between(Optional<Instant> since, Optional<Instant> until) throws IOException {
        var found = new ArrayList<Event>();
        for (var number = KEPT; number >= 0; number--) {
            // Not newBufferedReader, which stops at a line that was cut off within a character.
            try (var lines = new BufferedReader(
                    new InputStreamReader(Files.newInputStream(file(number)), StandardCharsets.UTF_8))) {
                for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                    parse(line)
                            .filter(e -> since.isEmpty() || !e.time().isBefore(since.get()))
                            .filter(e -> until.isEmpty() || !e.time().isAfter(until.get()))
                            .ifPresent(found::add);
                }
            } catch (NoSuchFileException e) {
                // So many events there have not been yet.
            }
        }
        return byTime(found);
    }

    /** What ended while nobody looked is written down late, with the time at which it ended. */
    static List<Event> byTime(List<Event> events) {
        return events.stream().sorted(Comparator.comparing(Event::time)).toList();
    }

    private Optional<Event> parse(String line) {
        try {
            return Optional.of(root.json().readValue(line, Event.class));
        } catch (JsonProcessingException e) {
            return Optional.empty(); // cut off by a full disk or a power failure
        }
    }

    /** Hears of what happens from now on. */
    public EventTail tail() throws IOException {
        return tail(Optional.empty());
    }

    /**
     * The same, and what was written before, with nothing lost and nothing double in between.
     *
     * @param since what happened earlier is no part of the past; empty: there is no past
     */
    public EventTail tail(Optional<Instant> since) throws IOException {
        Root.directory(directory);
        return new EventTail(this, since);
    }

    Path directory() {
        return directory;
    }

    Path current() {
        return file(0);
    }

    /** The current file and those before it, newest first. */
    List<Path> files() {
        var all = new ArrayList<Path>();
        for (var number = 0; number <= KEPT; number++) {
            all.add(file(number));
        }
        return all;
    }

    List<Event> parse(Stream<String> lines) {
        return lines.flatMap(line -> parse(line).stream()).toList();
    }
}
