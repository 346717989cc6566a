package dev.lockstep.reconciler.builds;

import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** How far each repository was looked at, in {@code seen-refs/} of a root's state. One thread a repository. */
public final class SeenRefsFiles {
    private static final int NAME_BYTES = 16;

    private final Path directory;
    private final StateFile<SeenRefs> state;

    public SeenRefsFiles(Root root) {
        this.directory = root.state().resolve("seen-refs");
        this.state = root.stateFile(SeenRefs.class, 1);
    }

    /**
     * What was written last; nothing seen where there is none.
     *
     * @param key tells what is followed from all else that is: URL, ref and path
     */
    public SeenRefs read(String key) throws IOException {
        return state.read(file(key)).orElse(SeenRefs.NONE);
    }

    /** Replaces what was written for the same key. */
    public void write(String key, SeenRefs seen) throws IOException {
        Files.createDirectories(directory);
        state.write(file(key), seen);
    }

    private Path file(String key) {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
            return directory.resolve(HexFormat.of().formatHex(hash, 0, NAME_BYTES) + ".json");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
