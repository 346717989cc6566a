package dev.lockstep.reconciler.git;

import java.util.ArrayDeque;
import java.util.Optional;

/** Paths inside a commit: relative to its root, {@code /} between names, no {@code .} and {@code ..} left. */
public final class RepositoryPath {
    private RepositoryPath() {}

    /**
     * {@code path} as seen from {@code directory}, made normal. Empty result: the root itself; absent: it leaves the
     * repository or is absolute.
     */
    public static Optional<String> resolve(String directory, String path) {
        if (path.startsWith("/") || path.indexOf('\0') >= 0) {
            return Optional.empty();
        }
        var parts = new ArrayDeque<String>();
        for (var part : (directory + "/" + path).split("/", -1)) {
            switch (part) {
                case "", "." -> {}
                case ".." -> {
                    if (parts.pollLast() == null) {
                        return Optional.empty();
                    }
                }
                default -> parts.addLast(part);
            }
        }
        return Optional.of(String.join("/", parts));
    }

    /** The directory that holds {@code path}; the root for names in the root. */
    public static String parent(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    /** {@code name} inside {@code directory}. */
    public static String child(String directory, String name) {
        return directory.isEmpty() ? name : directory + "/" + name;
    }

    /** True when {@code path} is {@code directory} itself or anywhere below it. */
    public static boolean isWithin(String path, String directory) {
        return directory.isEmpty() || path.equals(directory) || path.startsWith(directory + "/");
    }
}
