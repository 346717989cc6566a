package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.log.LogEntry;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Prints lines of several containers, each with whose it is in front: {@code web-1 | }. What the program wrote is
 * passed on as it is, to the byte.
 */
final class LogPrinter {
    private static final List<String> COLOURS = List.of("36", "33", "32", "35", "34", "96", "93", "92", "95", "94");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.nnnnnnnnn'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final PrintStream out;
    private final boolean prefixed;
    private final boolean coloured;
    private final boolean timed;
    private final Map<String, String> tints = new HashMap<>();
    private int width;

    LogPrinter(PrintStream out, boolean prefixed, boolean coloured, boolean timed) {
        this.out = out;
        this.prefixed = prefixed;
        this.coloured = coloured;
        this.timed = timed;
    }

    /** Makes room for a label, and gives it a colour. */
    synchronized void expect(String label) {
        width = Math.max(width, label.length());
        tints.computeIfAbsent(label, _ -> COLOURS.get(tints.size() % COLOURS.size()));
    }

    /**
     * Prints one line and hands it on at once.
     *
     * @throws IOException when nobody reads any more
     */
    synchronized void print(String label, LogEntry entry) throws IOException {
        var head = new StringBuilder();
        if (prefixed) {
            var name = label + " ".repeat(Math.max(0, width - label.length())) + "  | ";
            head.append(coloured ? "\u001b[" + tints.getOrDefault(label, "0") + "m" + name + "\u001b[0m" : name);
        }
        if (timed) {
            head.append(time(entry.time())).append(' ');
        }
        out.write(head.toString().getBytes(StandardCharsets.UTF_8));
        out.write(entry.bytes());
        out.write('\n');
        if (out.checkError()) { // flushes, too
            throw new IOException("nobody reads the output any more");
        }
    }

    /** With nine digits always, so that columns stand. */
    static String time(Instant time) {
        return TIME.format(time);
    }
}
