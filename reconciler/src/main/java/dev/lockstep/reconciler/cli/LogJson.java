package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.LogSettings;
import dev.lockstep.runtime.log.LogEntry;
import dev.lockstep.runtime.log.LogLine;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** A line of JSON for each line, with whose it is. Bytes that are no UTF-8 become replacement characters. */
final class LogJson implements LogOutput {
    private static final byte[] OUT = ascii("\",\"stream\":\"stdout\"");
    private static final byte[] ERR = ascii("\",\"stream\":\"stderr\"");
    private static final byte[] PARTIAL = ascii(",\"partial\":true");
    private static final byte[] TIME = ascii("{\"time\":\"");
    private static final byte[] END = ascii("\"}\n");

    private final LogBuffer out;
    private final String host;
    private final LogClock clock = new LogClock();
    private final Map<String, byte[]> whose = new HashMap<>();

    LogJson(PrintStream out, String host) {
        this.out = new LogBuffer(out, 1);
        this.host = host;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void expect(ContainerRecord container) {
        whose.computeIfAbsent(container.id(), _ -> whose(container).getBytes(StandardCharsets.UTF_8));
    }

    private String whose(ContainerRecord container) {
        var spec = container.spec();
        var text = new StringBuilder();
        field(text, "host", host);
        field(text, "stack", spec.owner().stack());
        field(text, "service", spec.service());
        field(text, "container", spec.name());
        field(text, "id", container.id());
        field(text, "image", spec.image().familiar());
        field(text, "tag", LogSettings.tag(container));
        var details = LogSettings.details(container);
        if (!details.isEmpty()) {
            var attributes = new StringBuilder();
            details.forEach((name, value) -> field(attributes, name, value));
            text.append(",\"attrs\":{").append(attributes.substring(1)).append('}');
        }
        return text.append(",\"line\":\"").toString();
    }

    private static void field(StringBuilder text, String name, String value) {
        text.append(",\"")
                .append(escaped(name))
                .append("\":\"")
                .append(escaped(value))
                .append('"');
    }

    private static String escaped(String text) {
        return new String(JsonStringEncoder.getInstance().quoteAsString(text));
    }

    @Override
    public void print(ContainerRecord container, LogLine line) throws IOException {
        expect(container);
        out.add(TIME).add(clock.show(line.nanos())).add(line.stream() == LogEntry.Stream.STDERR ? ERR : OUT);
        if (!line.complete()) {
            out.add(PARTIAL);
        }
        var bytes = new byte[line.length()];
        line.copyTo(bytes, 0);
        out.add(whose.getOrDefault(container.id(), new byte[0]))
                .add(JsonStringEncoder.getInstance().quoteAsUTF8(new String(bytes, StandardCharsets.UTF_8)))
                .add(END)
                .end();
    }

    @Override
    public void flush() throws IOException {
        out.flush();
    }
}
