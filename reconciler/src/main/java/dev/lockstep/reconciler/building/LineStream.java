package dev.lockstep.reconciler.building;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Hands on what is written to it line by line, the last one also without its end. For one thread. */
final class LineStream extends OutputStream {
    /** A program may write without ever ending a line. */
    private static final int LONGEST = 64 << 10;

    private final Consumer<String> to;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    LineStream(Consumer<String> to) {
        this.to = to;
    }

    @Override
    public void write(int b) {
        if (b == '\n') {
            hand();
            return;
        }
        line.write(b);
        if (line.size() >= LONGEST) {
            hand();
        }
    }

    private void hand() {
        var text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        to.accept(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
    }

    @Override
    public void close() {
        if (line.size() > 0) {
            hand();
        }
    }
}
