package dev.lockstep.spec.load;

import dev.lockstep.spec.read.TreePaths;
import java.util.Set;
import java.util.regex.Pattern;

/** What a path of a Compose file means: a file here, or something elsewhere. */
final class LocalPaths {
    private static final Pattern WINDOWS = Pattern.compile("[A-Za-z]:[\\\\/].*");
    private static final Set<String> REMOTE =
            Set.of("git@", "github.com/", "docker-image:", "service:", "oci-layout:", "target:");

    private LocalPaths() {}

    /** True for a URL, an image, another service: nothing that lies in a directory. */
    static boolean isRemote(String path) {
        return path.contains("://") || REMOTE.stream().anyMatch(path::startsWith);
    }

    /** True for what an include or extends names that would have to be fetched first. */
    static boolean isFetched(String path) {
        return path.contains("://")
                || path.startsWith("oci:")
                || path.startsWith("git@")
                || path.startsWith("github.com/");
    }

    /** {@code path}, which is relative to {@code directory}, as seen from where that is relative to. */
    static String rebased(String directory, String path) {
        if (directory.isEmpty()
                || path.startsWith("~")
                || isRemote(path)
                || WINDOWS.matcher(path).matches()) {
            return path;
        }
        var resolved = TreePaths.resolve(directory, path);
        return resolved.isEmpty() ? "." : resolved;
    }
}
