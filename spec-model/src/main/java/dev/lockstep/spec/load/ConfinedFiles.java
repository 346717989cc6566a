package dev.lockstep.spec.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Files below one directory that no name and no link leads out of, whoever changes them meanwhile. Every step opens one
 * name below a directory that is open already and follows no link (openat(2) with O_NOFOLLOW); a link's text is read as
 * text and walked from the root again, so that a link that changes under our hands leads to another file inside at
 * most.
 */
final class ConfinedFiles {
    // As many as Linux follows (path_resolution(7)).
    private static final int LINKS = 40;

    private final Path root;
    private final int largest;

    /** @param largest bytes of a file that are read */
    ConfinedFiles(Path root, int largest) {
        this.root = root;
        this.largest = largest;
    }

    /** What a path leads to. */
    enum Kind {
        NOTHING,
        FILE,
        DIRECTORY,
        /** A pipe, a socket, a device. */
        OTHER
    }

    Kind kind(String path) throws IOException {
        try (var walk = new Walk(path)) {
            return walk.run();
        }
    }

    Optional<byte[]> read(String path) throws IOException {
        try (var walk = new Walk(path)) {
            return switch (walk.run()) {
                case NOTHING, DIRECTORY -> Optional.empty();
                case OTHER -> throw new IOException(path + " is no regular file");
                case FILE -> Optional.of(walk.bytes());
            };
        }
    }

    /** Names in a directory, sorted. */
    List<String> names(String path) throws IOException {
        try (var walk = new Walk(path)) {
            return walk.run() == Kind.DIRECTORY ? walk.names() : List.of();
        }
    }

    /** One way down; holds the directories on it open. */
    private final class Walk implements AutoCloseable {
        private final String path;
        private final Deque<String> rest = new ArrayDeque<>();
        private final List<SecureDirectoryStream<Path>> open = new ArrayList<>();
        private final List<String> here = new ArrayList<>();
        private String last = "";

        Walk(String path) throws IOException {
            this.path = path;
            if (path.indexOf('\0') >= 0) {
                throw new IOException("a path cannot have the character U+0000");
            }
            if (path.startsWith("/")) {
                throw new OutsideTreeException(path);
            }
            push(path);
            open.add(ConfinedFiles.open(root));
        }

        Kind run() throws IOException {
            var links = 0;
            while (!rest.isEmpty()) {
                var name = rest.removeFirst();
                if (name.equals("..")) {
                    up(path);
                    continue;
                }
                var found = attributes(name);
                if (found.isEmpty()) {
                    return Kind.NOTHING;
                }
                if (found.get().isSymbolicLink()) {
                    if (++links > LINKS) {
                        throw new IOException(path + ": too many symbolic links, or they go in circles");
                    }
                    follow(name);
                } else if (found.get().isDirectory()) {
                    open.add(open.getLast().newDirectoryStream(named(name), LinkOption.NOFOLLOW_LINKS));
                    here.add(name);
                } else if (!rest.isEmpty()) {
                    return Kind.NOTHING;
                } else {
                    last = name;
                    return found.get().isRegularFile() ? Kind.FILE : Kind.OTHER;
                }
            }
            return Kind.DIRECTORY;
        }

        private static Path named(String name) throws IOException {
            try {
                return Path.of(name);
            } catch (InvalidPathException e) {
                throw new IOException("no file can be called so: " + e.getReason(), e);
            }
        }

        private void follow(String name) throws IOException {
            var link = String.join("/", here) + (here.isEmpty() ? "" : "/") + name;
            var target = Files.readSymbolicLink(root.resolve(link)).toString();
            if (target.startsWith("/")) {
                throw new OutsideTreeException(link + ", a link to " + target + ",");
            }
            push(target);
        }

        private void push(String names) {
            for (var name : Arrays.asList(names.split("/", -1)).reversed()) {
                if (!name.isEmpty() && !name.equals(".")) {
                    rest.addFirst(name);
                }
            }
        }

        private void up(String what) throws IOException {
            if (here.isEmpty()) {
                throw new OutsideTreeException(what);
            }
            here.removeLast();
            open.removeLast().close();
        }

        private Optional<BasicFileAttributes> attributes(String name) throws IOException {
            try {
                return Optional.of(open.getLast()
                        .getFileAttributeView(named(name), BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                        .readAttributes());
            } catch (NoSuchFileException _) {
                return Optional.empty();
            }
        }

        byte[] bytes() throws IOException {
            var options = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
            try (SeekableByteChannel channel = open.getLast().newByteChannel(named(last), options)) {
                if (channel.size() > largest) {
                    throw new IOException("larger than " + largest + " bytes");
                }
                var buffer = ByteBuffer.allocate((int) channel.size());
                while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
                    // A file that shrinks meanwhile ends early.
                }
                return Arrays.copyOf(buffer.array(), buffer.position());
            }
        }

        List<String> names() throws IOException {
            var names = new ArrayList<String>();
            try {
                open.getLast().forEach(child -> names.add(child.getFileName().toString()));
            } catch (DirectoryIteratorException e) {
                throw e.getCause();
            }
            names.sort(null);
            return names;
        }

        @Override
        public void close() throws IOException {
            for (var directory : open.reversed()) {
                directory.close();
            }
        }
    }

    @SuppressWarnings("StreamResourceLeak") // The walk owns it, and closes it.
    private static SecureDirectoryStream<Path> open(Path root) throws IOException {
        var stream = Files.newDirectoryStream(root);
        if (stream instanceof SecureDirectoryStream<Path> secure) {
            return secure;
        }
        stream.close();
        throw new IOException("this file system has no openat(2), without which links cannot be kept inside");
    }
}
