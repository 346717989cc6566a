package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.TreeSize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where unpacked layers lie: {@code snapshots/HEX} by diff id, each with a lock, and what is known of their sizes. A
 * layer's ctime says when it was last unpacked, or asked for and found.
 */
final class LayerDirectories {
    private static final Logger LOG = LoggerFactory.getLogger(LayerDirectories.class);
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");
    private static final RawPath HERE = new RawPath(".");

    private final Root root;
    private final Path directory;
    /** A cache: a file by diff id with the number of bytes. */
    private final Path sizes;

    private final GroupSync sync = new GroupSync(this::syncFileSystem);

    LayerDirectories(Root root) throws IOException {
        this.root = root;
        this.directory = root.room(root.state().resolve("snapshots"));
        this.sizes = root.room(root.state().resolve("snapshot-sizes"));
    }

    /** That all of them are in. */
    Path directory() {
        return directory;
    }

    Path path(Digest diffId) {
        return directory.resolve(diffId.hex());
    }

    /** Its file goes with it, or there would be one in memory for every layer that ever was. */
    Flock lock(Digest diffId) throws IOException {
        return Flock.fleeting(root.lock("layer/" + diffId.hex()));
    }

    /** Empty while somebody else has it. */
    Optional<Flock> tryLock(Digest diffId) throws IOException {
        return Flock.tryFleeting(root.lock("layer/" + diffId.hex()));
    }

    /** Whether the layer is unpacked. */
    boolean has(Digest diffId) {
        return Files.isDirectory(path(diffId));
    }

    /** Whether the layer is here, and young from now on: under its lock, so that nobody is just removing it. */
    boolean find(Digest diffId) throws IOException {
        try (var _ = lock(diffId)) {
            return touch(diffId);
        }
    }

    /** Makes the layer young again; whether it is here. A change of mode sets ctime, which no archive can forge. */
    boolean touch(Digest diffId) throws IOException {
        try (var layer = Directory.open(path(diffId))) {
            var mode = layer.status(HERE).map(FileStatus::mode).orElse(0755);
            layer.setMode(HERE, mode);
            return true;
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOENT) {
                return false;
            }
            throw e;
        }
    }

    /** The layer's directory among the others, if that is one. */
    static Optional<Digest> diffId(Path layer) {
        var name = layer.getFileName().toString();
        return HEX.matcher(name).matches() ? Optional.of(new Digest(name)) : Optional.empty();
    }

    /** Diff ids of all layers that are unpacked. */
    Set<Digest> all() throws IOException {
        try (var all = Files.list(directory)) {
            return all.map(LayerDirectories::diffId).flatMap(Optional::stream).collect(Collectors.toUnmodifiableSet());
        }
    }

    /** Waits until everything that was written to them is on the disk. */
    void sync() throws IOException {
        sync.run();
    }

    private void syncFileSystem() throws IOException {
        try (var snapshots = Directory.open(directory)) {
            snapshots.syncFileSystem();
        } catch (LinuxException e) {
            throw new SnapshotStorageException("layers in " + directory + " cannot be written: " + e.getMessage(), e);
        }
    }

    /** Whether what is published there is on the disk with what is published here. */
    boolean isOnOneFileSystem(Path other) throws IOException {
        try (var here = Directory.open(directory);
                var there = Directory.open(other)) {
            return here.status(HERE).orElseThrow().fileSystem()
                    == there.status(HERE).orElseThrow().fileSystem();
        }
    }

    /**
     * Bytes of the files of a layer, as far as it is unpacked.
     *
     * @return empty when it is not
     */
    OptionalLong size(Digest diffId) throws IOException {
        try {
            return OptionalLong.of(
                    Long.parseLong(Files.readString(sizeFile(diffId)).strip()));
        } catch (NoSuchFileException | NumberFormatException e) {
            // Not unpacked, or by a Lockstep that did not note it.
        }
        if (Files.notExists(path(diffId))) {
            return OptionalLong.empty();
        }
        var bytes = TreeSize.of(path(diffId));
        noteSize(diffId, bytes);
        return OptionalLong.of(bytes);
    }

    /** Only a cache, so a failure is none. */
    void noteSize(Digest diffId, long bytes) {
        if (root.access() == Root.Access.READ) {
            return;
        }
        try {
            AtomicFiles.writeVolatile(sizeFile(diffId), Long.toString(bytes).getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            LOG.debug("the size of layer {} is not noted", diffId, e);
        }
    }

    /** Not in the layer: there a container would see it. */
    private Path sizeFile(Digest diffId) {
        return sizes.resolve(diffId.hex());
    }

    void forgetSize(Digest diffId) throws IOException {
        Files.deleteIfExists(sizeFile(diffId));
    }

    static Instant changed(Path layer) throws IOException {
        return ((FileTime) Files.getAttribute(layer, "unix:ctime")).toInstant();
    }

    static List<String> mounts() throws IOException {
        return lines(Files.readAllBytes(Path.of("/proc/self/mountinfo")));
    }

    /** Other mounts may be at places whose names are no text: of those there is only to know that they are others. */
    static List<String> lines(byte[] mountinfo) {
        return new String(mountinfo, StandardCharsets.UTF_8).lines().toList();
    }

    /**
     * Below an overlay, or alone as a bind mount (proc_pid_mountinfo(5): its fourth field). Another root's layer of the
     * same digest is another one.
     */
    boolean isMounted(Path layer, List<String> mounts) {
        var ending = "/snapshots/" + layer.getFileName();
        return mounts.stream()
                .anyMatch(line -> line.contains(layer.toString())
                        // With other ids, through a mount below the run root that is gone by now.
                        || line.contains(root.run().toString()) && line.contains(ending)
                        || line.split(" ", 5)[3].endsWith(ending));
    }

    /** Removes a tree, wherever it is. */
    static void remove(Path tree) throws IOException {
        try (var parent = Directory.open(Objects.requireNonNull(tree.getParent(), "a tree lies somewhere"))) {
            parent.removeTree(RawPath.of(tree.getFileName().toString()));
        }
    }
}
