package dev.lockstep.runtime.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files of one log as one stream of bytes, while others rotate them. Files are known by their inode: names move.
 * Each newer file is opened as soon as it is seen, so that what is rotated away before it was read is read all the
 * same.
 */
final class LogBytes implements Closeable {
    /** So many files are held open before they are read; a reader that is slower loses what is rotated away. */
    private static final int AHEAD = 32;

    /** While files are being moved up one number is missing; two in a row are the end. */
    private static final int MISSING_AT_END = 2;

    /** {@link #read} found nothing that is not read already. */
    static final int NOTHING = 0;

    /** {@link #read} has gone on to the next file, or the same anew: what was begun before will never be more. */
    static final int NEXT_FILE = -1;

    private record Opened(FileChannel channel, Object key) {}

    private final LogFiles files;
    private final Deque<Opened> chain = new ArrayDeque<>();
    private boolean left;
    private boolean gap;
    private boolean begun;

    LogBytes(LogFiles files) {
        this.files = files;
    }

    /** Reads on; how many bytes, {@link #NOTHING} or {@link #NEXT_FILE}. */
    int read(ByteBuffer buffer) throws IOException {
        while (true) {
            if (chain.isEmpty()) {
                lookAhead();
                if (chain.isEmpty()) {
                    return NOTHING;
                }
            }
            var channel = chain.getFirst().channel();
            var n = channel.read(buffer);
            if (n > 0) {
                return n;
            }
            if (channel.position() > channel.size()) {
                // Somebody has emptied it by hand, as logrotate's copytruncate does: what comes begins anew.
                channel.position(0);
                return NEXT_FILE;
            }
            if (left) {
                chain.removeFirst().channel().close();
                left = false;
                return NEXT_FILE;
            }
            if (chain.size() == 1) {
                lookAhead();
            }
            if (chain.size() == 1) {
                return NOTHING;
            }
            // The newer file exists, so conmon has left this one: what it wrote there last is read, then no more comes.
            left = true;
        }
    }

    /** Opens what has become newer than everything that is open. */
    void lookAhead() throws IOException {
        if (chain.size() >= AHEAD) {
            return;
        }
        while (!opened()) {
            // A name moved while it was looked at.
        }
        begun |= !chain.isEmpty();
    }

    /** False when that has to be done again. */
    private boolean opened() throws IOException {
        var newest = chain.isEmpty() ? null : chain.getLast().key();
        var newer = new ArrayDeque<Opened>();
        var whole = false;
        try {
            var reached = false;
            // From the newest to the oldest, against the direction in which they move: none can slip by unseen.
            for (int number = 0, missing = 0; missing < MISSING_AT_END && !reached; number++) {
                var path = files.numbered(number);
                var key = key(path);
                if (key.isEmpty()) {
                    missing++;
                } else if (key.get().equals(newest)) {
                    reached = true;
                } else if (newer.isEmpty() || !newer.getFirst().key().equals(key.get())) {
                    missing = 0;
                    var channel = open(path, key.get());
                    if (channel == null) {
                        return false;
                    }
                    newer.addFirst(new Opened(channel, key.get()));
                }
            }
            // Where one is newer it may well be the very next one.
            gap |= begun && !reached && newer.size() > 1;
            chain.addAll(newer);
            whole = true;
            return true;
        } finally {
            if (!whole) {
                for (var opened : newer) {
                    opened.channel().close();
                }
            }
        }
    }

    private static @Nullable FileChannel open(Path path, Object key) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(path, StandardOpenOption.READ);
        } catch (NoSuchFileException e) {
            return null;
        }
        // A name never comes back to an older file: the same before and after is the same in between.
        if (!key(path).equals(Optional.of(key))) {
            channel.close();
            return null;
        }
        return channel;
    }

    private static Optional<Object> key(Path path) throws IOException {
        try {
            return Optional.ofNullable(
                    Files.readAttributes(path, BasicFileAttributes.class).fileKey());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Leaves out the oldest files, as long as those that stay have so many lines and more. */
    void skipTo(int lines) throws IOException {
        lookAhead();
        var counted = 0L;
        var kept = 0;
        for (var newestFirst = chain.descendingIterator(); newestFirst.hasNext() && counted <= lines + 2L; kept++) {
            counted += lines(newestFirst.next().channel());
        }
        while (chain.size() > kept) {
            chain.removeFirst().channel().close();
        }
    }

    /** How many lines end in that file, of either stream. */
    private static long lines(FileChannel channel) throws IOException {
        var buffer = ByteBuffer.allocate(1 << 18);
        var count = 0L;
        var position = 0L;
        var second = 0;
        for (int n; (n = channel.read(buffer.clear(), position)) > 0; position += n) {
            var bytes = buffer.array();
            for (var i = 0; i < n; i++) {
                // TIME stdout F …: the byte behind the second blank of a record.
                if (bytes[i] == '\n') {
                    second = 0;
                } else if (second < 2 && bytes[i] == ' ') {
                    second++;
                } else if (second == 2) {
                    count += bytes[i] == 'F' ? 1 : 0;
                    second++;
                }
            }
        }
        return count;
    }

    /** Whether files may have been rotated away before they could be opened. */
    boolean hasGap() {
        return gap;
    }

    @Override
    public void close() throws IOException {
        while (!chain.isEmpty()) {
            chain.removeFirst().channel().close();
        }
    }
}
