package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * Copies what is in a directory with owner, mode, times, extended attributes, links and devices. By descriptors alone:
 * the source is an image's, and no link in it leads anywhere.
 */
public final class TreeCopy {
    private final Map<Long, RawPath> links = new HashMap<>();
    private final Directory target;

    private TreeCopy(Directory target) {
        this.target = target;
    }

    /** Copies the content of {@code source}, not the directory itself. */
    public static void copy(Directory source, Directory target) throws IOException {
        new TreeCopy(target).children(source, target, "");
    }

    private void children(Directory from, Directory to, String path) throws IOException {
        for (var name : from.list()) {
            var status = from.status(name).orElseThrow();
            var own = path + name.latin1();
            switch (status.type()) {
                case DIRECTORY -> {
                    to.makeDirectory(name, 0700);
                    try (var inner = from.directory(name);
                            var copy = to.directory(name)) {
                        children(inner, copy, own + "/");
                    }
                }
                case REGULAR -> {
                    if (status.links() > 1 && links.containsKey(status.inode())) {
                        link(links.get(status.inode()), to, name);
                        continue;
                    }
                    links.put(status.inode(), new RawPath(own));
                    try (var in = from.fileInRoot(name);
                            var out = to.createFile(name)) {
                        in.inputStream().transferTo(out.outputStream());
                    }
                }
                case SYMLINK -> to.makeSymlink(from.readLink(name), name);
                case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> to.makeNode(name, status.type(), status.device());
                case SOCKET -> {
                    // Means nothing without the process that listens.
                    continue;
                }
            }
            to.setOwner(name, status.uid(), status.gid());
            for (var attribute : from.attributes(name).entrySet()) {
                setAttribute(to, name, attribute.getKey(), attribute.getValue());
            }
            if (status.type() != dev.lockstep.runtime.linux.FileStatus.Type.SYMLINK) {
                to.setMode(name, status.mode());
            }
            to.setModified(name, status.modified());
        }
    }

    private void link(RawPath first, Directory to, RawPath name) throws IOException {
        var slash = first.latin1().lastIndexOf('/');
        if (slash < 0) {
            to.makeLink(target, first, name);
            return;
        }
        try (var parent = target.directoryInRoot(new RawPath(first.latin1().substring(0, slash)))) {
            to.makeLink(parent, new RawPath(first.latin1().substring(slash + 1)), name);
        }
    }

    private static void setAttribute(Directory to, RawPath name, String attribute, byte[] value) throws IOException {
        try {
            to.setAttribute(name, attribute, value);
        } catch (LinuxException e) {
            // The other file system has none, or not these; the content counts.
            if (e.errno() != Errno.EOPNOTSUPP && e.errno() != Errno.EPERM) {
                throw e;
            }
        }
    }
}
