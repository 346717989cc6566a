package dev.lockstep.spec.load;

import dev.lockstep.spec.read.TreePaths;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.TextDecoder;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Reads the files of a project, remembers which, refuses those it may not have, and turns failures into problems. */
final class SourceFiles {
    /** Bytes of all files together, and of what services make out of them. */
    private static final long MOST = 64 << 20;

    private final LoadRequest request;
    private final Problems problems;
    private final SortedSet<String> seen = new TreeSet<>();
    private final Set<String> failed = new HashSet<>();
    private final Map<String, String> texts = new HashMap<>();
    private long left = MOST;

    SourceFiles(LoadRequest request, Problems problems) {
        this.request = request;
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
        return read(path, at, modelPath, () -> {
            requireAllowed(path);
            return request.tree().read(path);
        });
    }

    /** The standard input if there is one, else a file of its name. */
    Optional<byte[]> standardInput(SourcePosition at) {
        var path = LoadRequest.STANDARD_INPUT;
        var input = request.standardInput();
        return input.isPresent()
                ? read(path, at, "", () -> Optional.of(input.get().bytes()))
                : bytes(path, at, "");
    }

    private interface Read {
        Optional<byte[]> bytes() throws IOException;
    }

    private Optional<byte[]> read(String path, SourcePosition at, String modelPath, Read read) {
        try {
            var bytes = read.bytes();
            if (bytes.isPresent() && !charge(bytes.get().length, at, modelPath)) {
                failed.add(path);
                return Optional.empty();
            }
            return bytes;
        } catch (OutsideTreeException e) {
            failed.add(path);
            problems.error(at, modelPath, request.access().refusal(e.path()));
        } catch (AccessDeniedException e) {
            fail(path, at, modelPath, "permission denied");
        } catch (FileSystemException e) {
            fail(path, at, modelPath, e.getReason() == null ? "it cannot be opened" : e.getReason());
        } catch (IOException e) {
            fail(path, at, modelPath, String.valueOf(e.getMessage()));
        }
        return Optional.empty();
    }

    /** {@code path} as seen from {@code directory}; {@code ~} is the home directory, if there is one. */
    String resolve(String directory, String path) {
        var home = request.environment().get("HOME");
        return path.startsWith("~/") && home != null
                ? TreePaths.resolve(home, path.substring(2))
                : TreePaths.resolve(directory, path);
    }

    /**
     * Counts what was read, or made out of a file.
     *
     * @return false if it is too much; the problem has been told, once
     */
    boolean charge(long bytes, SourcePosition at, String modelPath) {
        if (left >= 0 && bytes > left) {
            problems.error(at, modelPath, "the files of this project come to more than " + MOST + " bytes");
        }
        left = bytes > left ? -1 : left - bytes;
        return left >= 0;
    }

    private void requireAllowed(String path) throws OutsideTreeException {
        if (!request.access().everywhere() && (path.startsWith("/") || path.equals("..") || path.startsWith("../"))) {
            throw new OutsideTreeException(path);
        }
    }

    /** Refuses a file that is not read now and may be later, if it may not be. */
    void requireInside(String path, SourcePosition at, String modelPath) {
        if (request.access().everywhere()) {
            return;
        }
        try {
            requireAllowed(path);
            request.tree().requireInside(path);
        } catch (OutsideTreeException e) {
            problems.error(at, modelPath, request.access().refusal(e.path()));
        } catch (IOException e) {
            problems.error(at, modelPath, "cannot look at " + path + ": " + e.getMessage());
        }
    }

    /** The same as text. One that is there is read once, however often it is named. */
    Optional<String> text(String path, SourcePosition at, String modelPath) {
        var known = texts.get(path);
        if (known != null) {
            return Optional.of(known);
        }
        var read = bytes(path, at, modelPath);
        var text = read.flatMap(bytes -> TextDecoder.plain(path, bytes, problems));
        text.ifPresent(t -> texts.put(path, t));
        if (read.isPresent() && text.isEmpty()) {
            failed.add(path);
        }
        return text;
    }

    private void fail(String path, SourcePosition at, String modelPath, String message) {
        failed.add(path);
        problems.missing(at, modelPath, "cannot read " + path + ": " + message);
    }
}
