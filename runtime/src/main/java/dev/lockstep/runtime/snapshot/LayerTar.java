package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.archive.MemberWriter;
import dev.lockstep.runtime.archive.TarEntry;
import dev.lockstep.runtime.linux.BlockReader;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * The archive of a layer, as it is written (OCI image specification, layer.md): the same files make the same bytes.
 * Names are relative, those of directories end in a slash, owners are numbers alone.
 */
final class LayerTar implements AutoCloseable {
    private static final int BLOCK = 128 * 1024;
    private static final String WHITEOUT = ".wh.";
    private static final String OPAQUE = ".wh..wh..opq";
    private static final RawPath NO_LINK = new RawPath("");

    private final MemberWriter tar;
    private final BlockReader reader = new BlockReader(BLOCK);
    /** First name of each file that has several. */
    private final Map<Long, RawPath> links = new HashMap<>();

    private long bytes;

    LayerTar(OutputStream out) {
        this.tar = new MemberWriter(out);
    }

    /** Bytes of the files so far, each counted once. */
    long bytes() {
        return bytes;
    }

    /**
     * Adds a file, or a directory without what is in it.
     *
     * @param path in the layer
     * @param modified what the layer says of its time
     * @param attributes those that a layer carries
     */
    void add(
            Directory directory,
            RawPath name,
            RawPath path,
            FileStatus status,
            Instant modified,
            Map<String, byte[]> attributes)
            throws IOException {
        if (status.links() > 1 && !status.isDirectory()) {
            var first = links.putIfAbsent(status.inode(), path);
            if (first != null) {
                tar.add(entry(path, TarEntry.Type.HARD_LINK, status, 0, modified, first, Map.of()));
                return;
            }
        }
        switch (status.type()) {
            case REGULAR -> {
                try (var file = directory.file(name)) {
                    tar.add(
                            entry(path, TarEntry.Type.FILE, status, status.size(), modified, NO_LINK, attributes),
                            reader.stream(file));
                }
                bytes += status.size();
            }
            case DIRECTORY ->
                tar.add(entry(
                        new RawPath(path.latin1() + "/"),
                        TarEntry.Type.DIRECTORY,
                        status,
                        0,
                        modified,
                        NO_LINK,
                        attributes));
            case SYMLINK ->
                tar.add(entry(path, TarEntry.Type.SYMLINK, status, 0, modified, directory.readLink(name), attributes));
            case CHARACTER_DEVICE ->
                tar.add(entry(path, TarEntry.Type.CHARACTER_DEVICE, status, 0, modified, NO_LINK, attributes));
            case BLOCK_DEVICE ->
                tar.add(entry(path, TarEntry.Type.BLOCK_DEVICE, status, 0, modified, NO_LINK, attributes));
            case FIFO -> tar.add(entry(path, TarEntry.Type.FIFO, status, 0, modified, NO_LINK, attributes));
            case SOCKET -> throw new IllegalArgumentException("layers have no sockets: " + path);
        }
    }

    private static TarEntry entry(
            RawPath path,
            TarEntry.Type type,
            FileStatus status,
            long size,
            Instant modified,
            RawPath link,
            Map<String, byte[]> attributes) {
        return new TarEntry(
                path,
                type,
                status.mode(),
                status.uid() & 0xffff_ffffL,
                status.gid() & 0xffff_ffffL,
                size,
                modified,
                link,
                status.device().major(),
                status.device().minor(),
                attributes);
    }

    /**
     * Adds the mark that a name of lower layers is deleted.
     *
     * @param directory path of the directory, with a slash at its end unless it is the root
     */
    void whiteout(String directory, RawPath name) throws IOException {
        mark(directory + WHITEOUT + name.latin1());
    }

    /** Adds the mark that nothing of a directory of lower layers is seen. */
    void opaque(String directory) throws IOException {
        mark(directory + OPAQUE);
    }

    private void mark(String path) throws IOException {
        tar.add(new TarEntry(
                new RawPath(path), TarEntry.Type.FILE, 0, 0, 0, 0, Instant.EPOCH, NO_LINK, 0, 0, Map.of()));
    }

    /** Ends the archive. */
    void finish() throws IOException {
        tar.finish();
    }

    @Override
    public void close() {
        reader.close();
    }
}
