package dev.lockstep.spec.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The files of this machine as seen from one directory. For the user's own files: paths may leave the directory and
 * links are followed, as every other program of the user does.
 */
public final class DirectoryTree implements FileTree {
    /** No file of a project is near this; reading stops before memory does. */
    private static final long LARGEST = 64 << 20;

    private final Path root;

    /** Sees files from {@code root}, an existing directory. */
    public DirectoryTree(Path root) {
        this.root = root.toAbsolutePath().normalize();
    }

    @Override
    public Optional<byte[]> read(String path) throws IOException {
        var file = root.resolve(path);
        if (!Files.exists(file) || Files.isDirectory(file)) {
            return Optional.empty();
        }
        // Not by its size: a pipe (-f <(…)) has none.
        try (var in = Files.newInputStream(file)) {
            var bytes = in.readNBytes((int) LARGEST + 1);
            if (bytes.length > LARGEST) {
                throw new IOException("larger than " + LARGEST + " bytes");
            }
            return Optional.of(bytes);
        }
    }

    @Override
    public List<Entry> list(String directory) throws IOException {
        var path = root.resolve(directory);
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        try (var children = Files.list(path)) {
            return children.map(child -> new Entry(child.getFileName().toString(), Files.isDirectory(child)))
                    .sorted(Comparator.comparing(Entry::name))
                    .toList();
        }
    }

    @Override
    public Optional<String> parent(String directory) {
        return root.resolve(directory).normalize().getParent() == null
                ? Optional.empty()
                : Optional.of(TreePaths.resolve(directory, ".."));
    }

    @Override
    public String nameOf(String directory) {
        var name = root.resolve(directory).normalize().getFileName();
        return name == null ? "" : name.toString();
    }
}
