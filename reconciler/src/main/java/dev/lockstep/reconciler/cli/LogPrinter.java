package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.log.LogLine;
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
 * Shows lines of several containers, each with whose it is in front: {@code web-1 | }. What the program wrote is passed
 * on as it is, to the byte.
 */
final class LogPrinter implements LogOutput {
    private static final List<String> COLOURS = List.of("36", "33", "32", "35", "34", "96", "93", "92", "95", "94");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.nnnnnnnnn'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final LogBuffer out;
    private final boolean prefixed;
    private final boolean coloured;
    private final boolean timed;
    private final LogClock clock = new LogClock();
    private final Map<String, String> tints = new HashMap<>();
    private final Map<String, byte[]> heads = new HashMap<>();
    private int width;

    LogPrinter(PrintStream out, boolean prefixed, boolean coloured, boolean timed) {
        this.out = new LogBuffer(out, 1);
        this.prefixed = prefixed;
        this.coloured = coloured;
        this.timed = timed;
    }

    @Override
    public void expect(ContainerRecord container) {
        var label = StackContainers.label(container);
        if (label.length() > width) {
            width = label.length();
            heads.clear();
        }
        tints.computeIfAbsent(label, _ -> COLOURS.get(tints.size() % COLOURS.size()));
    }

    @Override
    public void print(ContainerRecord container, LogLine line) throws IOException {
        if (prefixed) {
            out.add(heads.computeIfAbsent(container.id(), _ -> head(StackContainers.label(container))));
        }
        if (timed) {
            out.add(clock.show(line.nanos())).add(' ');
        }
        out.add(line).add('\n').end();
    }

    /** Without colours and also where lines have nothing in front, as Compose 2.26 has it. */
    @Override
    public void ended(ContainerRecord container, int code) throws IOException {
        var text = StackContainers.label(container) + " exited with code " + code + "\n";
        out.add(text.getBytes(StandardCharsets.UTF_8)).end();
    }

    private byte[] head(String label) {
        var name = label + " ".repeat(Math.max(0, width - label.length())) + "  | ";
        return (coloured ? "\u001b[" + tints.getOrDefault(label, "0") + "m" + name + "\u001b[0m" : name)
                .getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void flush() throws IOException {
        out.flush();
    }

    /** With nine digits always, so that columns stand. */
    static String time(Instant time) {
        return TIME.format(time);
    }
}
