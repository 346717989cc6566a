package dev.lockstep.spec.read;

import java.util.ArrayList;

/** Paths with {@code /}, as a tree of files has them; nothing here asks a file system. */
public final class TreePaths {
    private TreePaths() {}

    /** {@code path} as seen from {@code directory}, cleaned; an absolute one stays. */
    public static String resolve(String directory, String path) {
        return clean(path.startsWith("/") || directory.isEmpty() ? path : directory + "/" + path);
    }

    /** Without {@code .}, {@code //} and an end slash, {@code a/..} taken out; {@code ""} is the directory itself. */
    public static String clean(String path) {
        var absolute = path.startsWith("/");
        var parts = new ArrayList<String>();
        for (var part : path.split("/", -1)) {
            if (part.isEmpty() || part.equals(".")) {
                continue;
            }
            if (!part.equals("..")) {
                parts.add(part);
            } else if (!parts.isEmpty() && !parts.getLast().equals("..")) {
                parts.removeLast();
            } else if (!absolute) {
                parts.add(part);
            }
        }
        return (absolute ? "/" : "") + String.join("/", parts);
    }

    /** The directory that a file is in; {@code ""} at the root. */
    public static String directoryOf(String file) {
        var slash = file.lastIndexOf('/');
        return slash == 0 ? "/" : slash < 0 ? "" : file.substring(0, slash);
    }
}
