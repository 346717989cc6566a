package dev.lockstep.runtime.container;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.Consumer;

/**
 * Where an exec session's bytes come from and go. With a terminal everything is on {@code out}.
 *
 * @param in read by a thread of its own until its end
 * @param windowSizes called once with a way to tell the session the size of the terminal, before the program runs
 * @param detachKeys what is typed to leave the program and let it run on
 */
public record ExecStreams(
        InputStream in, OutputStream out, OutputStream err, Consumer<Resize> windowSizes, DetachKeys detachKeys) {
    /** Tells the session's terminal its size. */
    @FunctionalInterface
    public interface Resize {
        /** Sets it; both are at most 1000. */
        void to(int rows, int columns) throws java.io.IOException;
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
