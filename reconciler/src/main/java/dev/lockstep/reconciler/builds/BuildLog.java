package dev.lockstep.reconciler.builds;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;

/**
 * The file that a build writes what it does to, while it does it; several threads may. No secret gets there, and no
 * more bytes than allowed: a build that writes more keeps its beginning and, when it ends, its last lines.
 */
public final class BuildLog implements AutoCloseable {
    /** What one build may write. */
    public static final long LARGEST = 8L << 20;

    private static final int LONGEST_LINE = 16 << 10;

    private final OutputStream file;
    private final Redaction redaction;
    private final long head;
    private final long tail;
    private final Deque<byte[]> last = new ArrayDeque<>();
    private long written;
    private long held;
    private long left;
    private boolean full;

    private BuildLog(OutputStream file, Redaction redaction, long largest) {
        this.file = file;
        this.redaction = redaction;
        this.head = largest * 3 / 4;
        this.tail = largest - head;
    }

    /** Begins it anew. */
    public static BuildLog create(Path file, Redaction redaction) throws IOException {
        return create(file, redaction, LARGEST);
    }

    static BuildLog create(Path file, Redaction redaction, long largest) throws IOException {
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        return new BuildLog(new BufferedOutputStream(Files.newOutputStream(file)), redaction, largest);
    }

    /** Writes a line; whoever follows the file sees it at once. */
    public synchronized void line(String text) throws IOException {
        // Cut after the secrets are out: part of one would be shown by a cut in its middle.
        var shown = redaction.of(text);
        var cut = shown.length() > LONGEST_LINE ? shown.substring(0, LONGEST_LINE) + "…" : shown;
        var bytes = (cut + "\n").getBytes(StandardCharsets.UTF_8);
        full |= written + bytes.length > head;
        if (!full) {
            file.write(bytes);
            file.flush();
            written += bytes.length;
            return;
        }
        last.addLast(bytes);
        held += bytes.length;
        while (held > tail) {
            held -= last.removeFirst().length;
            left++;
        }
    }

    @Override
    public synchronized void close() throws IOException {
        try (file) {
            if (left > 0) {
                file.write(("… " + left + " lines are left out: a build keeps " + ((head + tail) >> 20)
                                + " MiB of what it writes …\n")
                        .getBytes(StandardCharsets.UTF_8));
            }
            for (var line : last) {
                file.write(line);
            }
            last.clear();
        }
    }
}
