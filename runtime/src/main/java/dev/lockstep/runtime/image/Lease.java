package dev.lockstep.runtime.image;

import dev.lockstep.runtime.linux.Flock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Says that its holder needs content that no name, container or root leads to yet ({@link ImageStore#lease}). It is a
 * locked file, and gone with its process however that ends.
 */
public final class Lease implements AutoCloseable {
    private final Path file;
    private final Flock lock;

    Lease(Path file, Flock lock) {
        this.file = file;
        this.lock = lock;
    }

    @Override
    public void close() throws IOException {
        try (lock) {
            Files.deleteIfExists(file);
        }
    }
}
