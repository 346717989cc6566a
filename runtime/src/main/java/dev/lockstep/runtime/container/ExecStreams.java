package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Terminal;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Where an exec session's bytes come from and go. With a terminal everything is on {@code out}.
 *
 * @param in read by a thread of its own until its end
 * @param size of the terminal when the program begins; empty where nobody looks at one
 * @param windowSizes called once with a way to tell the session the size of the terminal, before the program runs
 * @param detachKeys what is typed to leave the program and let it run on
 */
public record ExecStreams(
        InputStream in,
        OutputStream out,
        OutputStream err,
        Optional<Terminal.Size> size,
        Consumer<Resize> windowSizes,
        DetachKeys detachKeys) {
    /** Tells the session's terminal its size. */
    @FunctionalInterface
    public interface Resize {
        /** Sets it; both are at most 1000. */
        void to(int rows, int columns) throws java.io.IOException;
    }

    /** Where the size of the terminal is told when the program runs already. */
    public ExecStreams(
            InputStream in, OutputStream out, OutputStream err, Consumer<Resize> windowSizes, DetachKeys detachKeys) {
        this(in, out, err, Optional.empty(), windowSizes, detachKeys);
    }

    /** Without interest in window sizes. */
    public ExecStreams(InputStream in, OutputStream out, OutputStream err) {
        this(in, out, err, resize -> {}, DetachKeys.NONE);
    }

    /** No input; output is dropped. */
    public static ExecStreams none() {
        return new ExecStreams(
                InputStream.nullInputStream(), OutputStream.nullOutputStream(), OutputStream.nullOutputStream());
    }
}
