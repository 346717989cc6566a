package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.archive.ArchiveException;
import dev.lockstep.runtime.linux.RawPath;
import java.util.ArrayDeque;

/**
 * Where a member of a layer goes: a directory below the layer's root and a name in it. Cleaned without looking at the
 * disk; links on the way are the kernel's business.
 *
 * @param parent relative, empty for the root itself
 * @param name one component, {@code .} for the root itself
 */
record LayerPath(RawPath parent, RawPath name) {
    /** PATH_MAX and NAME_MAX of Linux. */
    private static final int PATH_LIMIT = 4096;

    private static final int NAME_LIMIT = 255;
    private static final RawPath ROOT = new RawPath(".");

    /**
     * Absolute paths are the layer's own, {@code ..} above the root is the root.
     *
     * @throws ArchiveException when it is longer than Linux allows
     */
    static LayerPath of(RawPath path) throws ArchiveException {
        if (path.length() >= PATH_LIMIT) {
            throw new ArchiveException("a path has " + path.length() + " bytes, Linux allows " + (PATH_LIMIT - 1));
        }
        var parts = new ArrayDeque<String>();
        for (var part : path.latin1().split("/", -1)) {
            switch (part) {
                case "", "." -> {}
                case ".." -> parts.pollLast();
                default -> parts.addLast(part);
            }
            if (part.length() > NAME_LIMIT) {
                throw new ArchiveException("a name has " + part.length() + " bytes, Linux allows " + NAME_LIMIT);
            }
        }
        var name = parts.pollLast();
        return new LayerPath(new RawPath(String.join("/", parts)), name == null ? ROOT : new RawPath(name));
    }

    boolean isRoot() {
        return name.equals(ROOT);
    }

    RawPath whole() {
        return parent.isEmpty() ? name : new RawPath(parent.latin1() + "/" + name.latin1());
    }
}
