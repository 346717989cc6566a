package dev.lockstep.runtime.image;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The leases of all processes. They are taken and looked at under the store's lock: a file that is there and not locked
 * is always a dead process's, and not one that is just about to be locked.
 */
final class Leases {
    private static final int WHY_LIMIT = 4096;

    private final Root root;

    Leases(Root root) {
        this.root = root;
    }

    /** The store's lock is held. */
    Lease take(String why) throws IOException {
        var file = root.lock("image-lease/" + UUID.randomUUID());
        var lock = Flock.tryExclusive(file).orElseThrow(() -> new IOException(file + " is locked by somebody"));
        try {
            Files.writeString(file, why);
            return new Lease(file, lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** What the living ones are for; removes the dead. The store's lock is held. */
    List<String> living() throws IOException {
        var living = new ArrayList<String>();
        var directory = root.lock("image-lease/x").resolveSibling("");
        try (var files = Files.list(directory)) {
            for (var file : (Iterable<Path>) files::iterator) {
                look(file, living);
            }
        }
        living.sort(String::compareTo);
        return living;
    }

    private static void look(Path file, List<String> living) throws IOException {
        try (var dead = Flock.tryExclusive(file).orElse(null)) {
            if (dead != null) {
                Files.deleteIfExists(file);
                return;
            }
            try (var content = Files.newInputStream(file)) {
                living.add(new String(content.readNBytes(WHY_LIMIT), StandardCharsets.UTF_8));
            } catch (NoSuchFileException e) {
                // It has just ended.
            }
        }
    }
}
