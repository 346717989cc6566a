package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Progress;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicLong;

/** The compressed side of a layer: how much of the blob has been read. */
final class CountedStream extends FilterInputStream {
    private final Layer layer;
    private final Progress progress;
    /** Looked at by the thread that uses what comes out. */
    private final AtomicLong count = new AtomicLong();

    CountedStream(InputStream blob, Layer layer, Progress progress) {
        super(blob);
        this.layer = layer;
        this.progress = progress;
    }

    long count() {
        return count.get();
    }

    @Override
    public int read() throws IOException {
        var b = super.read();
        if (b >= 0) {
            count.incrementAndGet();
        }
        return b;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        var n = super.read(target, offset, length);
        if (n > 0) {
            var done = count.addAndGet(n);
            // The end is reported when the layer is in place.
            progress.report(Progress.Step.UNPACK, layer.blob(), Math.min(done, layer.size() - 1), layer.size());
        }
        return n;
    }
}
