package dev.lockstep.reconciler.agent;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What a program on disk consists of, to see that an upgrade has put another one into its place: the launcher and the
 * archives beside it, each told by inode, size and time.
 *
 * @param files by path
 */
record Installed(Map<String, String> files) {
    Installed {
        files = Map.copyOf(files);
    }

    /**
     * What the launcher leads to now; links are followed, so another version behind the same link is another program.
     */
    static Installed of(Path launcher) throws IOException {
        var files = new TreeMap<String, String>();
        var program = launcher.toRealPath();
        add(program, files);
        var libraries = Objects.requireNonNull(program.getParent()).resolveSibling("lib");
        try (DirectoryStream<Path> archives = Files.newDirectoryStream(libraries, "*.jar")) {
            for (var archive : archives) {
                add(archive, files);
            }
        } catch (NoSuchFileException e) {
            // Packed in another way: the program alone tells.
        }
        return new Installed(files);
    }

    private static void add(Path file, Map<String, String> files) throws IOException {
        var seen = Files.readAttributes(file, BasicFileAttributes.class);
        files.put(file.toString(), seen.fileKey() + " " + seen.size() + " " + seen.lastModifiedTime());
    }
}
