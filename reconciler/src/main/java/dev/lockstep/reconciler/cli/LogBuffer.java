package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.log.LogLine;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;

/** Lines on their way to a stream, so that a line costs no system call of its own. */
final class LogBuffer {
    private static final int FULL = 1 << 16;

    private final PrintStream out;
    private final int descriptor;
    private byte[] bytes = new byte[2 * FULL];
    private int length;

    /** @param descriptor the number of the file that it leads to: 1 or 2 */
    LogBuffer(PrintStream out, int descriptor) {
        this.out = out;
        this.descriptor = descriptor;
    }

    LogBuffer add(byte[] more) {
        room(more.length);
        System.arraycopy(more, 0, bytes, length, more.length);
        length += more.length;
        return this;
    }

    LogBuffer add(LogLine line) {
        room(line.length());
        line.copyTo(bytes, length);
        length += line.length();
        return this;
    }

    LogBuffer add(char ascii) {
        room(1);
        bytes[length++] = (byte) ascii;
        return this;
    }

    private void room(int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(length + more, 2 * bytes.length));
        }
    }

    /** What was added is a whole. */
    void end() throws IOException {
        if (length >= FULL) {
            flush();
        }
    }

    void flush() throws IOException {
        if (length > 0) {
            out.write(bytes, 0, length);
            length = 0;
            if (out.checkError()) { // flushes, too
                throw new StandardOutput.BrokenException(descriptor);
            }
        }
    }
}
