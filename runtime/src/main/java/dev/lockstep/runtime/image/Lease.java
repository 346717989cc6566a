package dev.lockstep.runtime.image;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.Flock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Says that its holder needs content that no name, container or root leads to yet ({@link ImageStore#lease}). It is a
 * locked file, and gone with its process however that ends.
 */
public final class Lease implements AutoCloseable {
    private final ImageStore store;
    private final Path file;
    private final Flock lock;
    private final ObjectNode content;

    /** @param content of the file, which is there and locked; who changes it holds the store's lock */
    Lease(ImageStore store, Path file, Flock lock, ObjectNode content) {
        this.store = store;
        this.file = file;
        this.lock = lock;
        this.content = content;
    }

    /**
     * Keeps an image too, from now on, that is here already, whatever it is kept for beside this.
     *
     * @param image an index or a manifest
     * @return the image; empty when the store does not have it whole (any more), and then the lease is what it was
     * @throws InvalidImageException when what is here is damaged
     */
    public Optional<Image> keep(Digest image) throws IOException {
        return store.keep(this, image);
    }

    /** The store's lock is held: whoever reads the file meanwhile waits for it. */
    void add(Digest image) throws IOException {
        content.withArrayProperty(Leases.IMAGES).add(image.toString());
        // In its place: the file is the lock. Half written it cannot be understood, and keeps everything.
        Files.write(file, store.json().writeValueAsBytes(content));
    }

    @Override
    public void close() throws IOException {
        try (lock) {
            Files.deleteIfExists(file);
        }
    }
}
