package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.linux.SortedNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A directory of a file system: a build context, an unpacked archive, the root of a mounted image or stage. */
public final class OpenDirectory implements SourceDirectory {
    private static final RawPath HERE = new RawPath(".");

    private final Directory directory;

    private OpenDirectory(Directory directory) {
        this.directory = directory;
    }

    /** Opens a directory of the host; links on the way to it are followed. */
    public static OpenDirectory open(Path path) throws IOException {
        return new OpenDirectory(Directory.open(path));
    }

    /**
     * Takes one that is open.
     *
     * @param directory closed with this
     */
    public static OpenDirectory of(Directory directory) {
        return new OpenDirectory(directory);
    }

    @Override
    public List<RawPath> names() throws IOException {
        return directory.list();
    }

    @Override
    public SortedNames sortedNames() {
        return directory.sortedNames();
    }

    @Override
    public Optional<SourceEntry> entry(RawPath name) throws IOException {
        var status = directory.status(name);
        return status.isEmpty() ? Optional.empty() : Optional.of(entry(name, status.get()));
    }

    @Override
    public SourceEntry self() throws IOException {
        return entry(HERE).orElseThrow();
    }

    private SourceEntry entry(RawPath name, FileStatus status) throws IOException {
        var isLink = status.type() == FileStatus.Type.SYMLINK;
        return new SourceEntry(
                status.type(),
                status.mode(),
                status.uid(),
                status.gid(),
                status.type() == FileStatus.Type.REGULAR ? status.size() : 0,
                status.modified(),
                isLink ? directory.readLink(name) : new RawPath(""),
                status.device(),
                // Links cannot carry those that are copied.
                isLink ? Map.of() : directory.attributes(name),
                status.links() > 1 && !status.isDirectory()
                        ? Optional.of(new SourceEntry.Identity(status.fileSystem(), status.inode()))
                        : Optional.empty());
    }

    @Override
    public SourceDirectory directory(RawPath name) throws IOException {
        return new OpenDirectory(directory.directory(name));
    }

    @Override
    public SourceContent open(RawPath name) throws IOException {
        var fd = directory.file(name);
        return SourceContent.of(fd);
    }

    @Override
    public void close() {
        directory.close();
    }
}
