package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;

/**
 * Finds out whether a directory still is what another one is: names, types, owners, modes, extended attributes, links,
 * devices, times and every byte. Times of directories and of deletion marks do not count: an archive need not give
 * them.
 */
final class TreeComparison {
    private static final RawPath HERE = new RawPath(".");
    private static final int BUFFER = 128 * 1024;

    private final byte[] expectedBytes = new byte[BUFFER];
    private final byte[] actualBytes = new byte[BUFFER];

    /**
     * The first difference.
     *
     * @return a phrase that begins with a path; empty when there is none
     */
    Optional<String> difference(Directory expected, Directory actual) throws IOException {
        var own = entry(expected, actual, HERE, "/");
        return own.isPresent() ? own : children(expected, actual, "");
    }

    private Optional<String> children(Directory expected, Directory actual, String path) throws IOException {
        var names = expected.list();
        var more = new HashSet<>(actual.list());
        for (var name : names) {
            var own = path + "/" + name;
            if (!more.remove(name)) {
                return Optional.of(own + " is missing");
            }
            var difference = entry(expected, actual, name, own);
            if (difference.isPresent()) {
                return difference;
            }
            if (expected.status(name).filter(FileStatus::isDirectory).isPresent()) {
                try (var inner = expected.directory(name);
                        var innerActual = actual.directory(name)) {
                    var below = children(inner, innerActual, own);
                    if (below.isPresent()) {
                        return below;
                    }
                }
            }
        }
        return more.stream().findFirst().map(name -> path + "/" + name + " is not in the layer");
    }

    private Optional<String> entry(Directory expected, Directory actual, RawPath name, String path) throws IOException {
        var should = expected.status(name).orElseThrow();
        var is = actual.status(name).orElseThrow();
        if (should.type() != is.type() || !should.device().equals(is.device())) {
            return Optional.of(path + " is something else");
        }
        if (should.mode() != is.mode() || should.uid() != is.uid() || should.gid() != is.gid()) {
            return Optional.of(path + " has another owner or mode");
        }
        if (!sameAttributes(expected.attributes(name), actual.attributes(name))) {
            return Optional.of(path + " has other attributes");
        }
        if (!should.isDirectory() && !should.isWhiteout() && !should.modified().equals(is.modified())) {
            return Optional.of(path + " has another time");
        }
        return switch (should.type()) {
            case REGULAR ->
                should.links() != is.links() || !sameContent(expected, actual, name)
                        ? Optional.of(path + " has other content")
                        : Optional.empty();
            case SYMLINK ->
                expected.readLink(name).equals(actual.readLink(name))
                        ? Optional.empty()
                        : Optional.of(path + " leads elsewhere");
            case DIRECTORY, CHARACTER_DEVICE, BLOCK_DEVICE, FIFO, SOCKET -> Optional.empty();
        };
    }

    private static boolean sameAttributes(Map<String, byte[]> expected, Map<String, byte[]> actual) {
        return expected.keySet().equals(actual.keySet())
                && expected.entrySet().stream()
                        .allMatch(entry -> Arrays.equals(entry.getValue(), actual.get(entry.getKey())));
    }

    private boolean sameContent(Directory expected, Directory actual, RawPath name) throws IOException {
        try (var should = expected.fileInRoot(name);
                var is = actual.fileInRoot(name);
                var one = should.inputStream();
                var other = is.inputStream()) {
            return sameContent(one, other);
        }
    }

    private boolean sameContent(InputStream one, InputStream other) throws IOException {
        while (true) {
            var n = one.readNBytes(expectedBytes, 0, BUFFER);
            if (other.readNBytes(actualBytes, 0, BUFFER) != n
                    || !Arrays.equals(expectedBytes, 0, n, actualBytes, 0, n)) {
                return false;
            }
            if (n < BUFFER) {
                return true;
            }
        }
    }
}
