package dev.lockstep.spec.load;

import dev.lockstep.spec.read.TreePaths;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The files of this machine as seen from one directory. For the user's own files paths may leave the directory and
 * links are followed, as every other program of the user does; a confined tree lets nothing out.
 */
public final class DirectoryTree implements FileTree {
    /** No file of a project is near this; reading stops before memory does. */
    private static final int LARGEST = 16 << 20;

    private final Path root;
    private final Optional<ConfinedFiles> confined;
    /**
     * What pipes gave ({@code --env-file <(…)}): they are empty for who reads them again, and a project is read often.
     */
    private final Map<Path, byte[]> streams = new HashMap<>();

    /** Sees files from {@code root}, an existing directory. */
    public DirectoryTree(Path root) {
        this(root, false);
    }

    private DirectoryTree(Path root, boolean confined) {
        this.root = root.toAbsolutePath().normalize();
        this.confined = confined ? Optional.of(new ConfinedFiles(this.root, LARGEST)) : Optional.empty();
    }

    /**
     * Sees files below {@code root} and no others: {@code ..}, absolute paths and links that lead out are refused with
     * an {@link OutsideTreeException}, also while somebody changes the directory.
     */
    public static DirectoryTree confined(Path root) {
        return new DirectoryTree(root, true);
    }

    @Override
    public Optional<byte[]> read(String path) throws IOException {
        if (confined.isPresent()) {
            return confined.get().read(path);
        }
        var file = resolve(path);
        if (Files.notExists(file) || Files.isDirectory(file)) {
            return Optional.empty();
        }
        if (Files.isRegularFile(file)) {
            return Optional.of(content(file));
        }
        synchronized (streams) {
            var before = Optional.ofNullable(streams.get(file));
            if (before.isEmpty()) {
                before = Optional.of(content(file));
                streams.put(file, before.get());
            }
            return before;
        }
    }

    /** Not by its size: a pipe has none. */
    private static byte[] content(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            return bytes(in);
        }
    }

    static byte[] bytes(InputStream in) throws IOException {
        var bytes = in.readNBytes(LARGEST + 1);
        if (bytes.length > LARGEST) {
            throw new IOException("larger than " + LARGEST + " bytes");
        }
        return bytes;
    }

    @Override
    public void requireInside(String path) throws IOException {
        if (confined.isPresent()) {
            confined.get().kind(path);
            return;
        }
        FileTree.super.requireInside(path);
        var here = root.toRealPath();
        for (var file = resolve(path); file != null && file.startsWith(root); file = file.getParent()) {
            // What is not there yet leads nowhere else than its directory.
            if (Files.exists(file)) {
                if (!file.toRealPath().startsWith(here)) {
                    throw new OutsideTreeException(path);
                }
                return;
            }
        }
    }

    @Override
    public List<Entry> list(String directory) throws IOException {
        if (confined.isPresent()) {
            var entries = new ArrayList<Entry>();
            for (var name : confined.get().names(directory)) {
                entries.add(new Entry(name, leadsToDirectory(confined.get(), TreePaths.resolve(directory, name))));
            }
            return entries;
        }
        var path = resolve(directory);
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        var entries = new ArrayList<Entry>();
        try (var children = Files.newDirectoryStream(path)) {
            children.forEach(child -> entries.add(new Entry(child.getFileName().toString(), Files.isDirectory(child))));
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        // Not Comparator.comparing: no AOT cache keeps what can be serialised.
        entries.sort((one, other) -> one.name().compareTo(other.name()));
        return entries;
    }

    private static boolean leadsToDirectory(ConfinedFiles files, String path) throws IOException {
        try {
            return files.kind(path) == ConfinedFiles.Kind.DIRECTORY;
        } catch (IOException _) {
            // Listing a directory is no reason to complain about a link that nobody uses.
            return false;
        }
    }

    @Override
    public Optional<String> parent(String directory) {
        if (confined.isPresent()) {
            return directory.isEmpty() ? Optional.empty() : Optional.of(TreePaths.directoryOf(directory));
        }
        return root.resolve(directory).normalize().getParent() == null
                ? Optional.empty()
                : Optional.of(TreePaths.resolve(directory, ".."));
    }

    @Override
    public String nameOf(String directory) {
        var name = root.resolve(directory).normalize().getFileName();
        return name == null ? "" : name.toString();
    }

    private Path resolve(String path) throws IOException {
        try {
            return root.resolve(path);
        } catch (InvalidPathException e) {
            throw new IOException("\"" + path + "\" is no path: " + e.getReason(), e);
        }
    }
}
