package dev.lockstep.runtime.container;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A file that is bind-mounted into a container and derived from what we know, while programs inside may add lines. It
 * is rewritten in place: replacing it would leave the container with the old inode. Beside it stands what we wrote
 * last, which tells our lines from theirs.
 */
record EtcFile(Path path) {
    /** No list of names is longer. A program inside may make its file as long as the disk has room, and longer. */
    private static final int LONGEST = 1 << 20;

    /** Writes our lines, and keeps those of others, unless somebody has made the file too long to be read. */
    void write(List<String> lines) throws IOException {
        for (var file : List.of(path, ours())) {
            if (Files.isDirectory(file)) {
                // Java would say that something is a directory, and not what.
                throw new IOException(
                        file + " is a directory in the place of a file. Remove it: the file is made anew.");
            }
        }
        if (Files.notExists(path)) {
            // Ours first: a crash in between leaves no file, and this is done again.
            Files.write(ours(), lines, StandardCharsets.ISO_8859_1);
            Files.write(path, lines, StandardCharsets.ISO_8859_1);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r--r--"));
            return;
        }
        var present = present();
        var before = Files.exists(ours()) ? Files.readAllLines(ours(), StandardCharsets.ISO_8859_1) : List.<String>of();
        var merged = merge(before, present.orElse(List.of()), lines);
        if (present.equals(Optional.of(merged))) {
            return;
        }
        // Noted first: after a crash between the two our new lines are still known as ours.
        var known = new LinkedHashSet<>(before);
        known.addAll(lines);
        Files.write(ours(), known, StandardCharsets.ISO_8859_1);
        Files.write(
                path,
                (String.join("\n", merged) + "\n").getBytes(StandardCharsets.ISO_8859_1),
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING);
        Files.write(ours(), lines, StandardCharsets.ISO_8859_1);
    }

    /** Its lines; absent when it is too long. */
    private Optional<List<String>> present() throws IOException {
        try (var in = Files.newInputStream(path)) {
            var bytes = in.readNBytes(LONGEST + 1);
            return bytes.length > LONGEST
                    ? Optional.empty()
                    : Optional.of(new String(bytes, StandardCharsets.ISO_8859_1)
                            .lines()
                            .toList());
        }
    }

    private Path ours() {
        return path.resolveSibling(path.getFileName() + ".ours");
    }

    /** Our new lines, then those of the present ones that were never ours. */
    static List<String> merge(List<String> before, List<String> present, List<String> lines) {
        var merged = new LinkedHashSet<>(lines);
        var old = Set.copyOf(before);
        present.stream().filter(line -> !old.contains(line)).forEach(merged::add);
        return List.copyOf(merged);
    }
}
