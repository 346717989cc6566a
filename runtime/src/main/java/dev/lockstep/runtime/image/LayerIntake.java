package dev.lockstep.runtime.image;

import java.io.IOException;
import java.io.InputStream;

/**
 * Uses layers while they arrive, besides their being kept as blobs. Called from several threads, platform threads, one
 * for each layer.
 */
public interface LayerIntake {
    /** Uses nothing: the blobs are all that is wanted. */
    LayerIntake NONE = new LayerIntake() {
        @Override
        public boolean wants(Layer layer) {
            return false;
        }

        @Override
        public Taken take(Layer layer, InputStream blob, Progress progress) {
            throw new IllegalStateException("nothing is wanted");
        }
    };

    /** A layer that is used up, and of no effect before {@link #keep}. */
    interface Taken extends AutoCloseable {
        /** The blob has proven to be what it was announced as; makes the layer durable and visible. */
        void keep() throws IOException;

        /** Leaves nothing of what was not kept. */
        @Override
        void close() throws IOException;
    }

    /** Whether the layer is still missing. */
    boolean wants(Layer layer) throws IOException;

    /**
     * Reads a whole layer and verifies its diff id.
     *
     * @param blob waits where the bytes have not arrived yet; nobody has verified them, so they may be anything
     * @throws InvalidImageException when the layer is refused; nothing of it is left
     */
    Taken take(Layer layer, InputStream blob, Progress progress) throws IOException;
}
