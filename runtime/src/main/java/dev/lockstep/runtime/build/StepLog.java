package dev.lockstep.runtime.build;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The events of one step: makes lines of what its program writes, and keeps the last of them. What a stream writes
 * beyond the limit is not told, as with BuildKit, but the last lines are those that the program wrote last: they say
 * why it failed.
 */
final class StepLog implements StepContainer.Output {
    private static final int KEPT = 20;
    private static final int SHORTEST = 4;
    /** A longer line is told in parts. */
    private static final int LONGEST = 64 * 1024;

    private static final long MIB = 1 << 20;

    private final BuildEvent.Listener listener;
    private final int number;
    private final String title;
    private final long begun = System.nanoTime();
    private final long limit;
    private final Stream out = new Stream(false);
    private final Stream err = new Stream(true);
    private final Deque<String> last = new ArrayDeque<>();
    /** The longest first: one may be part of another. */
    private final List<String> secrets = new ArrayList<>();

    private int longest;

    /** One of the two that a program writes to. */
    private static final class Stream {
        final boolean error;
        final ByteArrayOutputStream line = new ByteArrayOutputStream();
        long told;

        Stream(boolean error) {
            this.error = error;
        }
    }

    private StepLog(BuildEvent.Listener listener, int number, String title, long limit) {
        this.listener = listener;
        this.number = number;
        this.title = title;
        this.limit = limit;
    }

    static StepLog start(BuildEvent.Listener listener, AtomicInteger numbers, String title) {
        return start(listener, numbers, title, BuildRequest.StepOptions.LOG_SIZE);
    }

    /** @param limit bytes of each stream that are told; negative: all */
    static StepLog start(BuildEvent.Listener listener, AtomicInteger numbers, String title, long limit) {
        var log = new StepLog(listener, numbers.incrementAndGet(), title, limit < 0 ? Long.MAX_VALUE : limit);
        listener.happened(new BuildEvent.Started(log.number, title));
        return log;
    }

    /** Lines of a secret, which are not told; short ones would take ordinary words away and hide nothing. */
    synchronized void hide(byte[] secret) {
        new String(secret, StandardCharsets.ISO_8859_1)
                .lines()
                .map(String::strip)
                .filter(line -> line.length() >= SHORTEST)
                .forEach(secrets::add);
        secrets.sort(Comparator.comparingInt(String::length).reversed());
        longest = secrets.isEmpty() ? 0 : secrets.getFirst().length();
    }

    /** Without secrets; one character per byte, for a secret need not be a text. */
    private String hidden(String line) {
        var text = line;
        for (var secret : secrets) {
            text = text.replace(secret, "***");
        }
        return text;
    }

    String title() {
        return title;
    }

    int number() {
        return number;
    }

    @Override
    public synchronized void write(boolean error, byte[] bytes, int length) {
        var stream = error ? err : out;
        for (var i = 0; i < length; i++) {
            if (bytes[i] == '\n') {
                tell(stream);
            } else if (stream.line.size() >= LONGEST + longest) {
                tellPart(stream);
            }
            if (bytes[i] != '\n') {
                stream.line.write(bytes[i]);
            }
        }
    }

    /** The end of it stays, for a secret may have begun there. */
    private void tellPart(Stream stream) {
        var text = hidden(stream.line.toString(StandardCharsets.ISO_8859_1));
        stream.line.reset();
        var end = Math.max(0, text.length() - Math.max(0, longest - 1));
        tell(stream, text.substring(0, end));
        stream.line.writeBytes(text.substring(end).getBytes(StandardCharsets.ISO_8859_1));
    }

    private void tell(Stream stream) {
        var text = hidden(stream.line.toString(StandardCharsets.ISO_8859_1));
        stream.line.reset();
        tell(stream, text);
    }

    private void tell(Stream stream, String bytes) {
        var text = new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        if (text.endsWith("\r")) {
            text = text.substring(0, text.length() - 1);
        }
        // A program that goes back to the beginning of its line shows how far it is: the last word is what counts.
        text = text.substring(text.lastIndexOf('\r') + 1);
        last.addLast(text);
        if (last.size() > KEPT) {
            last.removeFirst();
        }
        if (stream.told >= limit) {
            return;
        }
        stream.told += bytes.length() + 1;
        listener.happened(new BuildEvent.Output(number, stream.error, text));
        if (stream.told >= limit) {
            listener.happened(new BuildEvent.Output(number, stream.error, clipped()));
        }
    }

    /** BuildKit's words, and what to do. */
    private String clipped() {
        return "[output clipped, log limit " + (limit % MIB == 0 ? limit / MIB + "MiB" : limit + "B")
                + " reached; BUILDKIT_STEP_LOG_MAX_SIZE=-1 shows all]";
    }

    /** What came without the end of a line is told too. */
    private synchronized void flush() {
        for (var stream : List.of(out, err)) {
            if (stream.line.size() > 0) {
                tell(stream);
            }
        }
    }

    private Duration took() {
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    void done(boolean cached) {
        flush();
        listener.happened(new BuildEvent.Done(number, cached, took()));
    }

    void failed(String message) {
        flush();
        listener.happened(new BuildEvent.Failed(number, message, took()));
    }

    void cancelled() {
        flush();
        listener.happened(new BuildEvent.Cancelled(number));
    }

    synchronized List<String> lastLines() {
        return List.copyOf(last);
    }
}
