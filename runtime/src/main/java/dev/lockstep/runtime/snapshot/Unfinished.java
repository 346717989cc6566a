package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Directories outside the root that somebody is filling: each has a record in the state directory, written before the
 * directory is made and locked while its process lives. A record that nobody holds is a killed process's, and says what
 * it left. Records are made, and looked at, under one lock: none is seen between its writing and its locking.
 */
final class Unfinished {
    private static final Logger LOG = LoggerFactory.getLogger(Unfinished.class);

    private final Root root;
    private final Extraction.Removal removal;
    private final StateFile<Place> file;

    /** What a record says. */
    record Place(String path) {}

    /** One that this process fills. Closed before its end, it is as if the process had been killed. */
    record Claim(Path record, Flock lock) implements AutoCloseable {
        /** There is nothing left to remove. */
        void end() throws IOException {
            Files.deleteIfExists(record);
        }

        @Override
        public void close() {
            lock.close();
        }
    }

    Unfinished(Root root, Extraction.Removal removal) {
        this.root = root;
        this.removal = removal;
        this.file = root.stateFile(Place.class, 1);
    }

    /** Claims a directory that is not there yet. */
    Claim claim(Path place) throws IOException {
        try (var _ = Flock.exclusive(root.lock("unfinished"))) {
            var name = Long.toHexString(ThreadLocalRandom.current().nextLong());
            var record = Root.directory(directory()).resolve(name);
            file.write(record, new Place(place.toString()));
            return new Claim(
                    record,
                    Flock.tryExclusive(record).orElseThrow(() -> new IOException(record + " is locked by somebody")));
        }
    }

    /** Removes what killed processes left; what cannot be removed now is left to the next time. */
    void removeDead() throws IOException {
        if (Files.notExists(directory())) {
            return;
        }
        var dead = new LinkedHashMap<Path, Flock>();
        try {
            try (var _ = Flock.exclusive(root.lock("unfinished"));
                    var records = Files.list(directory())) {
                for (var record : (Iterable<Path>) records::iterator) {
                    if (record.getFileName().toString().endsWith(AtomicFiles.TEMPORARY)) {
                        Files.delete(record);
                    } else {
                        Flock.tryExclusive(record).ifPresent(lock -> dead.put(record, lock));
                    }
                }
            }
            dead.keySet().forEach(this::remove);
        } finally {
            dead.values().forEach(Flock::close);
        }
    }

    private void remove(Path record) {
        try {
            var place = file.read(record).map(Place::path);
            if (place.isPresent() && Files.exists(Path.of(place.get()), LinkOption.NOFOLLOW_LINKS)) {
                removal.remove(Path.of(place.get()));
                LOG.atInfo().addKeyValue("directory", place.get()).log("removed what was not unpacked to the end");
            }
            Files.delete(record);
        } catch (StateException e) {
            LOG.atWarn()
                    .addKeyValue("record", record)
                    .addKeyValue("error", e.getMessage())
                    .log("left alone");
        } catch (IOException e) {
            // Its file system may be read-only or gone just now.
            LOG.atWarn().addKeyValue("record", record).addKeyValue("error", e).log("not removed");
        }
    }

    private Path directory() {
        return root.state().resolve("unfinished");
    }
}
