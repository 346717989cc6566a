package dev.lockstep.runtime.context;

import java.util.ArrayList;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A pattern for whole paths, from the root on, with {@code **} for any number of components: what an ignore file has
 * (docs.docker.com/build/concepts/context, "dockerignore").
 */
final class PathPattern {
    private enum Kind {
        EXACT,
        PREFIX,
        SUFFIX,
        GLOB
    }

    private final String text;
    private final Kind kind;
    /** Of a {@code GLOB} alone. */
    private final @Nullable Glob glob;

    private final int slashes;
    /** Whether a match has exactly as many slashes as the pattern. */
    private final boolean countsSlashes;

    /** @param text cleaned, one character per byte */
    PathPattern(String text) throws ContextException {
        this.text = text;
        Glob.of(text); // only a pattern that is one without "**", too
        var tokens = new ArrayList<Glob.Token>();
        var found = Kind.EXACT;
        var counts = true;
        for (var scan = new Glob.Scan(text); scan.more(); ) {
            var first = scan.position() == 0;
            if (scan.peek() != '*') {
                var escaped = scan.peek() == '\\';
                var token = scan.token();
                tokens.add(token);
                counts &= !(token instanceof Glob.Set);
                found = token instanceof Glob.Exactly && !escaped ? found : Kind.GLOB;
                continue;
            }
            scan.skip();
            if (scan.peek() != '*') {
                tokens.add(new Glob.Run());
                found = Kind.GLOB;
                continue;
            }
            scan.skip();
            counts = false;
            if (scan.peek() == '/') {
                scan.skip();
            }
            if (scan.more()) {
                tokens.add(new Glob.Directories());
                found = first ? Kind.SUFFIX : Kind.GLOB;
            } else {
                tokens.add(new Glob.Everything());
                found = first ? Kind.SUFFIX : found == Kind.EXACT ? Kind.PREFIX : Kind.GLOB;
            }
        }
        this.kind = found;
        this.glob = found == Kind.GLOB ? new Glob(tokens) : null;
        this.countsSlashes = counts;
        this.slashes = slashes(text);
    }

    private static int slashes(String text) {
        return (int) text.chars().filter(c -> c == '/').count();
    }

    /** @param path without a slash at its ends, one character per byte */
    boolean matches(String path) {
        return switch (kind) {
            case EXACT -> path.equals(text);
            case PREFIX -> path.startsWith(text.substring(0, text.length() - 2));
            case SUFFIX -> endsSo(path, text.substring(2));
            case GLOB ->
                (!countsSlashes || slashes(path) == slashes)
                        && Objects.requireNonNull(glob).matches(path);
        };
    }

    private static boolean endsSo(String path, String suffix) {
        // "**/x" is also the x at the top.
        return path.endsWith(suffix) || suffix.startsWith("/") && path.equals(suffix.substring(1));
    }

    /** Whether something below the directory can match, for all that its path says. */
    boolean reachesBelow(String directory) {
        var literal = text;
        for (var i = 0; i < text.length(); i++) {
            if ("*?[\\".indexOf(text.charAt(i)) >= 0) {
                literal = text.substring(0, i);
                break;
            }
        }
        var below = directory + "/";
        return literal.length() < text.length() && below.startsWith(literal) || literal.startsWith(below);
    }
}
