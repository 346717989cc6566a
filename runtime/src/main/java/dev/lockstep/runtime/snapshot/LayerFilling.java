package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.archive.ArchiveException;
import dev.lockstep.runtime.archive.Compression;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.WrongDigestException;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** Unpacks the archive of a layer into a new directory beside the finished ones. */
final class LayerFilling {
    /** What the host is to blame for, and not the layer. */
    private static final Set<Integer> OF_THE_HOST = Set.of(
            Errno.ENOSPC,
            Errno.EDQUOT,
            Errno.EIO,
            Errno.EROFS,
            Errno.EMFILE,
            Errno.ENFILE,
            Errno.ENOMEM,
            Errno.EPERM,
            Errno.EACCES);

    private final LayerDirectories layers;
    private final UnpackLimits limits;

    LayerFilling(LayerDirectories layers, UnpackLimits limits) {
        this.layers = layers;
        this.limits = limits;
    }

    /**
     * Unpacks a layer; on failure what there is of it stays.
     *
     * @param target a new name in the directory of all layers
     * @param blob the layer as it is stored, with or without compression
     * @throws WrongDigestException when it is another one
     */
    void fill(Path target, Layer layer, InputStream blob, Progress progress) throws IOException {
        try (var snapshots = Directory.open(layers.directory())) {
            var name = RawPath.of(target.getFileName().toString());
            snapshots.makeDirectory(name, 0755);
            try (var to = snapshots.directory(name);
                    var unpacker = new LayerUnpacker(to, limits)) {
                unpack(layer, blob, unpacker, progress);
            }
        } catch (LinuxException e) {
            throw explained(layer, e, "", 0);
        }
    }

    private void unpack(Layer layer, InputStream blob, LayerUnpacker unpacker, Progress progress) throws IOException {
        var counted = new CountedStream(blob, layer, progress);
        try (var content = new MeteredStream(new ReadAhead(Compression.uncompress(counted)), counted::count, limits)) {
            unpacker.unpack(content);
            var actual = content.finish();
            if (!actual.equals(layer.diffId())) {
                throw new WrongDigestException("uncompressed layer " + layer.blob(), layer.diffId(), actual);
            }
            unpacker.size().ifPresent(bytes -> layers.noteSize(layer.diffId(), bytes));
        } catch (LinuxException e) {
            throw explained(layer, e, at(unpacker), unpacker.missing());
        } catch (ArchiveException | EOFException e) {
            throw refused(layer, e, at(unpacker));
        }
    }

    private static String at(LayerUnpacker unpacker) {
        return unpacker.current().isEmpty() ? "" : " at " + unpacker.current();
    }

    private static UnpackException refused(Layer layer, IOException e, String at) {
        return new UnpackException("layer " + layer.blob() + " is refused" + at + ": " + e.getMessage(), e);
    }

    private IOException explained(Layer layer, LinuxException e, String at, long missing) throws IOException {
        if (e.errno() == Errno.ENOSPC || e.errno() == Errno.EDQUOT) {
            return new SnapshotStorageException(
                    "no space left to unpack layer " + layer.blob() + " in " + layers.directory() + at + " ("
                            + Files.getFileStore(layers.directory()).getUsableSpace() + " bytes are free"
                            + (missing > 0 ? ", this file alone needs " + missing + " more bytes" : "")
                            + "); make room there and try again",
                    e);
        }
        return OF_THE_HOST.contains(e.errno())
                ? new SnapshotStorageException(
                        "layer " + layer.blob() + " cannot be unpacked" + at + ": " + e.getMessage(), e)
                : refused(layer, e, at);
    }
}
