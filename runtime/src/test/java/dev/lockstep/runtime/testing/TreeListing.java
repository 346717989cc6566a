package dev.lockstep.runtime.testing;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** All that a tree of files is, a line for each file: two trees are equal when their listings are. */
public final class TreeListing {
    private final Map<String, String> lines = new TreeMap<>();
    /** The first name, in order, of each file that has several. */
    private final Map<Long, String> links = new HashMap<>();

    private TreeListing() {}

    /**
     * By path: kind, mode, owner, time, size and digest, target, device, which other name it shares, attributes. The
     * tree's own directory is {@code "."}.
     */
    public static Map<String, String> of(Path tree) throws IOException {
        var listing = new TreeListing();
        try (var root = Directory.open(tree)) {
            listing.add(root, new RawPath("."), "");
            listing.children(root, "");
        }
        return listing.lines;
    }

    private void children(Directory directory, String path) throws IOException {
        var names = new java.util.ArrayList<>(directory.list());
        names.sort((a, b) -> a.latin1().compareTo(b.latin1()));
        for (var name : names) {
            add(directory, name, path);
            if (directory.status(name).orElseThrow().isDirectory()) {
                try (var inner = directory.directory(name)) {
                    children(inner, path + name.latin1() + "/");
                }
            }
        }
    }

    private void add(Directory directory, RawPath name, String path) throws IOException {
        var status = directory.status(name).orElseThrow();
        var line = new StringBuilder()
                .append(status.type())
                .append(" 0%o".formatted(status.mode()))
                .append(" " + status.uid() + ":" + status.gid())
                .append(" " + status.modified());
        switch (status.type()) {
            case REGULAR -> {
                line.append(" " + status.size());
                try (var file = directory.fileInRoot(name)) {
                    line.append(" " + BlobStore.digest(file.inputStream().readAllBytes()));
                }
            }
            case SYMLINK -> line.append(" -> " + directory.readLink(name));
            case CHARACTER_DEVICE, BLOCK_DEVICE -> line.append(" " + status.device());
            case DIRECTORY, FIFO, SOCKET -> {}
        }
        if (!status.isDirectory() && status.links() > 1) {
            line.append(" is ").append(links.computeIfAbsent(status.inode(), _ -> path + name.latin1()));
        }
        directory.attributes(name).forEach((attribute, value) -> {
            // overlayfs's own, and what the host's policy adds.
            if (!attribute.startsWith("trusted.overlay.") && !attribute.equals("security.selinux")) {
                line.append(" " + attribute + "=" + HexFormat.of().formatHex(value));
            }
        });
        lines.put(path + name.latin1(), line.toString());
    }

    /** Number of such files, for a test that wants to be sure that there were some. */
    public static long count(Map<String, String> listing, FileStatus.Type type) {
        return listing.values().stream()
                .filter(line -> line.startsWith(type + " "))
                .count();
    }
}
