package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.registry.WebFile;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Optional;

/**
 * What {@code ADD} has downloaded before, {@code build-web/KEY}: not the content, which is in the layer that was made
 * of it, but which it was. No address is in a record or its name: it may have a password in it.
 */
final class WebRecords {
    /**
     * What an address gave.
     *
     * @param digest of the content
     * @param version by which its server can be asked whether it still gives that
     */
    record Given(Digest digest, WebFile.Version version) {}

    private final Path directory;
    private final StateFile<Given> files;
    private final String sharers;

    /** @param sharers whose records are seen, see {@link BuildRooms}: who may not reach a server learns nothing here */
    WebRecords(Root root, String sharers) throws IOException {
        this.directory = root.room(root.state().resolve("build-web"));
        this.files = root.stateFile(Given.class, 1);
        this.sharers = sharers;
    }

    private Path file(String url) {
        return directory.resolve(StepKey.of("web").add(sharers).add(url).key().hex());
    }

    /** What the address gave the last time; of a damaged record nothing, for the next download writes it anew. */
    Optional<Given> find(String url) throws IOException {
        try {
            return files.read(file(url));
        } catch (StateException e) {
            if (e.reason() == StateException.Reason.DAMAGED) {
                return Optional.empty();
            }
            throw e;
        }
    }

    void write(String url, Given given) throws IOException {
        files.writeWhole(file(url), given);
    }

    /** Notes that somebody needed it. */
    void used(String url, Instant when) throws IOException {
        try {
            Files.setLastModifiedTime(file(url), FileTime.from(when));
        } catch (NoSuchFileException e) {
            // Somebody has just removed it.
        }
    }

    /** Removes those of all sharers that nobody has used since. */
    static void forget(Root root, Instant since) throws IOException {
        var directory = root.state().resolve("build-web");
        if (Files.notExists(directory)) {
            return;
        }
        try (var all = Files.list(directory)) {
            for (var file : all.toList()) {
                if (isOlder(file, since)) {
                    AtomicFiles.delete(file);
                }
            }
        }
    }

    private static boolean isOlder(Path file, Instant since) throws IOException {
        try {
            return !Files.getLastModifiedTime(file).toInstant().isAfter(since);
        } catch (NoSuchFileException e) {
            return false;
        }
    }
}
