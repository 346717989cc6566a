package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import java.util.LinkedHashMap;

/** The directories of a layer that were used last, open: members of one directory follow each other in an archive. */
final class OpenDirectories implements AutoCloseable {
    private static final int LIMIT = 128;
    private static final int MISSING_MODE = 0755;

    private final Directory root;
    private final LinkedHashMap<RawPath, Directory> open = new LinkedHashMap<>(LIMIT, 0.75f, true);

    OpenDirectories(Directory root) {
        this.root = root;
    }

    /**
     * The directory, made (0755, root's) with those above it where it is missing. Links are followed inside the layer.
     * It stays open until later calls close it.
     */
    Directory get(RawPath path) throws LinuxException {
        if (path.isEmpty()) {
            return root;
        }
        var known = open.get(path);
        if (known != null) {
            return known;
        }
        var directory = root.makeDirectoriesInRoot(path, MISSING_MODE);
        open.put(path, directory);
        if (open.size() > LIMIT) {
            var eldest = open.firstEntry();
            open.remove(eldest.getKey());
            eldest.getValue().close();
        }
        return directory;
    }

    /** Forgets all but one: a directory or link on the way to some of them was replaced. */
    void forgetExcept(Directory kept) {
        open.values().removeIf(directory -> {
            if (directory == kept) {
                return false;
            }
            directory.close();
            return true;
        });
    }

    @Override
    public void close() {
        open.values().forEach(Directory::close);
        open.clear();
    }
}
