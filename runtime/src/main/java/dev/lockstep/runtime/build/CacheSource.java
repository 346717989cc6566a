package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Layer;
import java.io.IOException;

/** Gives the content of a cache. What it gives is verified by whoever asks. */
public interface CacheSource {
    /**
     * The manifest of this host's platform.
     *
     * @throws IOException with a sentence, when it cannot be had
     */
    byte[] manifest() throws IOException;

    /** A document that the manifest names, at most so many bytes. */
    byte[] document(Digest digest, int limit) throws IOException;

    /** Gets a layer into the store and unpacks it; both digests are verified. */
    void fetch(Layer layer) throws IOException;
}
