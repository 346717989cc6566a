package dev.lockstep.runtime.store;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.Flock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Objects;

/**
 * The two directories of one installation. {@link #state()} survives reboots, {@link #run()} need not. Everything that
 * Lockstep makes in the kernel has a name derived from {@link #id()}, so that roots live beside each other.
 *
 * @param state images, volumes, containers, stacks, clones ({@code /var/lib/lockstep})
 * @param run bundles, pid files, namespaces, exit files, locks ({@code /run/lockstep})
 * @param id 32 hexadecimal digits, made once by chance
 * @param json the mapper that all rooms share
 */
public record Root(Path state, Path run, String id, JsonMapper json) {
    private record Identity(String id) {}

    /**
     * Opens the root and makes what is missing: both directories (0711, so that containers reach their own parts), and
     * the identity.
     */
    public static Root open(Path state, Path run) throws IOException {
        var json = Json.mapper();
        directory(state);
        directory(run);
        directory(run.resolve("locks"));
        var file = state.resolve("root.json");
        if (Files.notExists(file)) {
            try (var _ = Flock.exclusive(run.resolve("locks/root"))) {
                if (Files.notExists(file)) {
                    var bytes = new byte[16];
                    new SecureRandom().nextBytes(bytes);
                    var id = HexFormat.of().formatHex(bytes);
                    new StateFile<>(json, Identity.class, 1, id).write(file, new Identity(id));
                }
            }
        }
        var id = json.readTree(file.toFile()).path("root").asText();
        if (!id.matches("[0-9a-f]{32}")) {
            throw new StateException(file, "has no root id");
        }
        new StateFile<>(json, Identity.class, 1, id).read(file);
        return new Root(state.toRealPath(), run.toRealPath(), id, json);
    }

    /** First four digits of the id: the part that kernel names have room for. */
    public String shortId() {
        return id.substring(0, 4);
    }

    /** A state file of this root. */
    public <T> StateFile<T> stateFile(Class<T> type, int format) {
        return new StateFile<>(json, type, format, id);
    }

    /** The lock file of that name; its parent exists. Names may have one level: {@code container/ID}. */
    public Path lock(String name) throws IOException {
        var file = run.resolve("locks").resolve(name);
        directory(Objects.requireNonNull(file.getParent(), "below locks/"));
        return file;
    }

    /** Makes a directory with mode 0711 (whatever the umask) when it is missing. */
    public static Path directory(Path directory) throws IOException {
        if (Files.notExists(directory)) {
            Files.createDirectories(directory);
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        }
        return directory;
    }
}
