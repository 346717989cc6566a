package dev.lockstep.runtime.build;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** The events of one step: makes lines of what its program writes, and keeps the last of them. */
final class StepLog implements StepContainer.Output {
    private static final int KEPT = 20;
    private static final int SHORTEST = 4;
    /** A longer line is told in parts. */
    private static final int LONGEST = 64 * 1024;

    private final BuildEvent.Listener listener;
    private final int number;
    private final String title;
    private final long begun = System.nanoTime();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Deque<String> last = new ArrayDeque<>();
    private final List<String> secrets = new ArrayList<>();
    private int longest;

    private StepLog(BuildEvent.Listener listener, int number, String title) {
        this.listener = listener;
        this.number = number;
        this.title = title;
    }

    static StepLog start(BuildEvent.Listener listener, AtomicInteger numbers, String title) {
        var log = new StepLog(listener, numbers.incrementAndGet(), title);
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
        longest = secrets.stream().mapToInt(String::length).max().orElse(0);
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
        var line = error ? err : out;
        for (var i = 0; i < length; i++) {
            if (bytes[i] == '\n') {
                tell(error, line);
            } else if (line.size() >= LONGEST + longest) {
                tellPart(error, line);
            }
            if (bytes[i] != '\n') {
                line.write(bytes[i]);
            }
        }
    }

    /** The end of it stays, for a secret may have begun there. */
    private void tellPart(boolean error, ByteArrayOutputStream line) {
        var text = hidden(line.toString(StandardCharsets.ISO_8859_1));
        line.reset();
        var end = Math.max(0, text.length() - Math.max(0, longest - 1));
        tell(error, text.substring(0, end));
        line.writeBytes(text.substring(end).getBytes(StandardCharsets.ISO_8859_1));
    }

    private void tell(boolean error, ByteArrayOutputStream line) {
        var text = hidden(line.toString(StandardCharsets.ISO_8859_1));
        line.reset();
        tell(error, text);
    }

    private void tell(boolean error, String bytes) {
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
        listener.happened(new BuildEvent.Output(number, error, text));
    }

    /** What came without the end of a line is told too. */
    private synchronized void flush() {
        if (out.size() > 0) {
            tell(false, out);
        }
        if (err.size() > 0) {
            tell(true, err);
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
