package dev.lockstep.runtime.store;

import com.fasterxml.jackson.databind.JsonNode;
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
 * @param access what it was opened for
 */
public record Root(Path state, Path run, String id, JsonMapper json, Access access) {
    private record Identity(String id) {}

    /** What may be done with a root. */
    public enum Access {
        /** Nothing is made, written or locked, and what is missing is as good as empty. */
        READ,
        WRITE
    }

    /**
     * Opens the root and makes what is missing: both directories (0711, so that containers reach their own parts), and
     * the identity.
     */
    public static Root open(Path state, Path run) throws IOException {
        var json = Json.mapper();
        directory(state);
        directory(run);
        directory(run.resolve("locks"));
        var file = identity(state);
        if (Files.notExists(file)) {
            try (var _ = Flock.exclusive(run.resolve("locks/root"))) {
                if (Files.notExists(file)) {
                    var id = newId();
                    new StateFile<>(json, Identity.class, 1, id).write(file, new Identity(id));
                }
            }
        }
        return new Root(state.toRealPath(), run.toRealPath(), id(json, file), json, Access.WRITE);
    }

    /**
     * Opens the root to look at it; nothing is made. One that is not there yet is empty: it gets an id that nobody else
     * has, which is forgotten with it, so that nothing in the kernel can be its.
     */
    public static Root openForReading(Path state, Path run) throws IOException {
        var json = Json.mapper();
        var file = identity(state);
        var id = Files.exists(file) ? id(json, file) : newId();
        return new Root(real(state), real(run), id, json, Access.READ);
    }

    private static Path identity(Path state) {
        return state.resolve("root.json");
    }

    private static Path real(Path path) throws IOException {
        return Files.exists(path) ? path.toRealPath() : path.toAbsolutePath().normalize();
    }

    private static String newId() {
        var bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static String id(JsonMapper json, Path file) throws IOException {
        var id = json.readTree(file.toFile()).path("root").asText();
        if (!id.matches("[0-9a-f]{32}")) {
            throw new StateException(StateException.Reason.DAMAGED, file, "has no root id");
        }
        // For its envelope: nothing else is in it yet.
        new StateFile<>(json, JsonNode.class, 1, id).read(file);
        return id;
    }

    /** First four digits of the id: the part that kernel names have room for. */
    public String shortId() {
        return id.substring(0, 4);
    }

    /** A state file of this root. */
    public <T> StateFile<T> stateFile(Class<T> type, int format) {
        return stateFile(type, format, StateFile.Upgrade.NONE);
    }

    /** A state file of this root whose records of the format before have another shape. */
    public <T> StateFile<T> stateFile(Class<T> type, int format, StateFile.Upgrade upgrade) {
        return new StateFile<>(json, type, format, id, access, upgrade);
    }

    /** A directory that a room keeps things in; made when the root may be written and it is missing. */
    public Path room(Path directory) throws IOException {
        return access == Access.WRITE ? directory(directory) : directory;
    }

    /**
     * The lock file of that name; its parent exists. Names may have one level: {@code container/ID}.
     *
     * @throws IllegalStateException when the root was opened for reading
     */
    public Path lock(String name) throws IOException {
        if (access == Access.READ) {
            throw new IllegalStateException("the root " + state + " was opened for reading; nothing in it is locked");
        }
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
