package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Places in the root file system that is written to. Links there are followed inside the root, also those that lead to
 * nothing: what they name is made.
 */
final class Destination {
    private static final RawPath HERE = new RawPath(".");
    /** As many links as Linux follows (path_resolution(7)). */
    private static final int LINKS = 40;

    private static final int MADE_MODE = 0755;

    private final Directory root;
    private final Ownership.Owner owner;
    private final Optional<Instant> time;
    /** What was made on the way to something: gets its time when all is in it. */
    private final List<List<String>> made = new ArrayList<>();

    /**
     * @param owner of directories that are made on the way
     * @param time of them; now when empty
     */
    Destination(Directory root, Ownership.Owner owner, Optional<Instant> time) {
        this.root = root;
        this.owner = owner;
        this.time = time;
    }

    /**
     * The path without links, {@code .} and {@code ..}; what is not there stays as it is named.
     *
     * @param path one character per byte
     */
    List<String> resolve(String path) throws IOException {
        var rest = new ArrayDeque<>(Arrays.asList(path.split("/", -1)));
        var way = new ArrayList<String>();
        for (var links = 0; !rest.isEmpty(); ) {
            var part = rest.removeFirst();
            if (part.isEmpty() || part.equals(".")) {
                continue;
            }
            if (part.equals("..")) {
                if (!way.isEmpty()) {
                    way.removeLast();
                }
                continue;
            }
            var status = status(way, part);
            if (status.filter(s -> s.type() == FileStatus.Type.SYMLINK).isEmpty()) {
                way.add(part);
                continue;
            }
            if (++links > LINKS) {
                throw new ContextException("too many symlinks on the way to the destination " + new RawPath(path));
            }
            try (var directory = open(way)) {
                var target = directory.readLink(new RawPath(part)).latin1();
                if (target.startsWith("/")) {
                    way.clear();
                }
                Arrays.asList(target.split("/", -1)).reversed().forEach(rest::addFirst);
            }
        }
        return List.copyOf(way);
    }

    private Optional<FileStatus> status(List<String> way, String name) throws IOException {
        try (var directory = openIfThere(way).orElse(null)) {
            return directory == null ? Optional.empty() : directory.status(new RawPath(name));
        }
    }

    /** What is at a resolved place. */
    Optional<FileStatus> status(List<String> place) throws IOException {
        return place.isEmpty() ? root.status(HERE) : status(place.subList(0, place.size() - 1), place.getLast());
    }

    boolean isDirectory(List<String> place) throws IOException {
        return status(place).filter(FileStatus::isDirectory).isPresent();
    }

    /** Opens the root, or a resolved place below it. */
    Directory open(List<String> place) throws IOException {
        return openIfThere(place)
                .orElseThrow(() -> new ContextException("the destination /" + shown(place) + " is no directory"));
    }

    /** Component by component: a link that somebody puts there meanwhile is not followed. */
    private Optional<Directory> openIfThere(List<String> place) throws IOException {
        var directory = root.directory(HERE);
        for (var part : place) {
            try (var above = directory) {
                var name = new RawPath(part);
                if (above.status(name).filter(FileStatus::isDirectory).isEmpty()) {
                    return Optional.empty();
                }
                directory = above.directory(name);
            }
        }
        return Optional.of(directory);
    }

    /** Opens a resolved place after making what is missing of it. */
    Directory make(List<String> place) throws IOException {
        var directory = root.directory(HERE);
        for (var i = 0; i < place.size(); i++) {
            try (var above = directory) {
                var name = new RawPath(place.get(i));
                var status = above.status(name);
                if (status.isEmpty()) {
                    above.makeDirectory(name, MADE_MODE);
                    above.setOwner(name, owner.uid(), owner.gid());
                    made.add(place.subList(0, i + 1));
                } else if (!status.get().isDirectory()) {
                    throw new ContextException(
                            "mkdir /" + shown(place) + ": /" + shown(place.subList(0, i + 1)) + " is not a directory");
                }
                directory = above.directory(name);
            }
        }
        return directory;
    }

    /** Gives what was made the time that was asked for. */
    void finish() throws IOException {
        if (time.isEmpty()) {
            return;
        }
        for (var place : made.reversed()) {
            try (var above = open(place.subList(0, place.size() - 1))) {
                above.setModified(new RawPath(place.getLast()), time.get());
            }
        }
    }

    static RawPath shown(List<String> place) {
        return new RawPath(String.join("/", place));
    }
}
