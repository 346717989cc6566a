package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Reads the files of a project, remembers which, and turns failures into problems. */
final class SourceFiles {
    private final FileTree tree;
    private final Problems problems;
    private final SortedSet<String> seen = new TreeSet<>();
    private final Set<String> failed = new HashSet<>();

    SourceFiles(FileTree tree, Problems problems) {
        this.tree = tree;
        this.problems = problems;
    }

    /** Every path that was asked for. */
    SortedSet<String> seen() {
        return seen;
    }

    /** True if the file is there and could not be read; the problem has been told. */
    boolean failed(String path) {
        return failed.contains(path);
    }

    /** @param at where the user named the file, {@code modelPath} likewise */
    Optional<byte[]> bytes(String path, SourcePosition at, String modelPath) {
        seen.add(path);
        try {
            return tree.read(path);
        } catch (AccessDeniedException e) {
            fail(path, at, modelPath, "permission denied");
        } catch (IOException e) {
            fail(path, at, modelPath, String.valueOf(e.getMessage()));
        }
        return Optional.empty();
    }

    Optional<String> text(String path, SourcePosition at, String modelPath) {
        return bytes(path, at, modelPath).flatMap(bytes -> {
            try {
                return Optional.of(StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes))
                        .toString());
            } catch (CharacterCodingException e) {
                fail(path, at, modelPath, "the file is not UTF-8 text");
                return Optional.empty();
            }
        });
    }

    private void fail(String path, SourcePosition at, String modelPath, String message) {
        failed.add(path);
        problems.error(at, modelPath, "cannot read " + path + ": " + message);
    }
}
