package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What is in an overlay's upper directory, told as changes of what lies below, by Docker's rules: a directory has
 * changed when something in it has, and a file when its content may have, its owner or its mode; one that was only
 * copied up has not. Looks at descriptors, since all of it is the container's.
 */
final class FileChanges {
    /** What is there for mounts that every container has: nobody's change, and nothing below them is on disk. */
    private static final Set<String> MOUNTED = Set.of("/dev", "/proc", "/sys");

    private static final Set<String> OURS =
            Set.of("/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/sbin/docker-init");

    /** Made for those above where an image has none. */
    private static final Set<String> FOR_OURS = Set.of("/etc", "/sbin");

    private final List<FileChange> changes = new ArrayList<>();

    /** In the order of paths. */
    static List<FileChange> between(Directory image, Directory upper) throws IOException {
        var found = new FileChanges();
        found.directory("", Optional.of(image), upper, false);
        found.changes.sort(Comparator.comparing(change -> change.path().latin1()));
        return List.copyOf(found.changes);
    }

    /** Adds what differs in it. */
    private void directory(String path, Optional<Directory> below, Directory upper, boolean opaque) throws IOException {
        var names = upper.list();
        for (var name : names) {
            var at = path + "/" + name.latin1();
            var is = upper.status(name);
            if (is.isPresent() && !MOUNTED.contains(at) && !OURS.contains(at)) {
                file(at, name, below, upper, is.get());
            }
        }
        if (opaque && below.isPresent()) {
            for (var name : below.get().list()) {
                if (!names.contains(name)) {
                    add(FileChange.Kind.DELETED, path + "/" + name.latin1());
                }
            }
        }
    }

    private void file(String path, RawPath name, Optional<Directory> below, Directory upper, FileStatus is)
            throws IOException {
        var was = below.isPresent() ? below.get().status(name) : Optional.<FileStatus>empty();
        if (is.isWhiteout()) {
            if (was.isPresent()) {
                add(FileChange.Kind.DELETED, path);
            }
            return;
        }
        var before = changes.size();
        if (is.isDirectory()) {
            var opaque = "y".equals(attribute(upper, name));
            try (var above = upper.directory(name);
                    var under = was.filter(FileStatus::isDirectory).isPresent()
                            ? below.orElseThrow().directory(name)
                            : null) {
                directory(path, Optional.ofNullable(under), above, opaque);
            }
        }
        var contains = changes.size() > before;
        if (was.isEmpty()) {
            if (contains || !FOR_OURS.contains(path)) {
                add(FileChange.Kind.ADDED, path);
            }
        } else if (contains || differs(was.get(), is)) {
            add(FileChange.Kind.CHANGED, path);
        }
    }

    private static String attribute(Directory parent, RawPath name) throws IOException {
        var value = parent.attributes(name).get("trusted.overlay.opaque");
        return value == null ? "" : new String(value, StandardCharsets.ISO_8859_1);
    }

    private static boolean differs(FileStatus was, FileStatus is) {
        return was.type() != is.type()
                || was.mode() != is.mode()
                || was.uid() != is.uid()
                || was.gid() != is.gid()
                || !was.device().equals(is.device())
                || !is.isDirectory()
                        && (was.size() != is.size() || !was.modified().equals(is.modified()));
    }

    private void add(FileChange.Kind kind, String path) {
        changes.add(new FileChange(kind, new RawPath(path)));
    }
}
