package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.RawPath;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * What an ignore file says: patterns for whole paths from the root, in order, the last one that matches decides, and
 * {@code !} takes back (docs.docker.com/build/concepts/context, "dockerignore"). A pattern that matches a directory
 * matches all below it.
 */
public final class Ignore {
    /** Nothing is ignored. */
    public static final Ignore NOTHING = new Ignore(List.of());

    private static final String BOM = "\u00ef\u00bb\u00bf";

    private final List<Line> lines;
    private final boolean takesBack;

    private record Line(PathPattern pattern, boolean back) {}

    /**
     * What became of a path, and what is needed to tell for those below it.
     *
     * @param ignored whether the path itself is ignored; something below it may not be
     * @param matched for each line, whether it matches this path or one above it, as far as that was looked at
     */
    public record Match(boolean ignored, List<Boolean> matched) {
        /** Of the root. */
        public static final Match ROOT = new Match(false, List.of());

        public Match {
            matched = List.copyOf(matched);
        }
    }

    private Ignore(List<Line> lines) {
        this.lines = List.copyOf(lines);
        this.takesBack = lines.stream().anyMatch(Line::back);
    }

    /**
     * Reads an ignore file.
     *
     * @param text its bytes, UTF-8
     * @param name of the file, for messages
     * @throws ContextException with file and line, when a line is no pattern
     */
    public static Ignore parse(byte[] text, String name) throws ContextException {
        var lines = new ArrayList<Line>();
        var number = 0;
        for (var line : new String(text, StandardCharsets.ISO_8859_1).split("\n", -1)) {
            var own = number++ == 0 && line.startsWith(BOM) ? line.substring(BOM.length()) : line;
            if (own.startsWith("#")) {
                continue;
            }
            try {
                add(lines, normalized(own.strip()));
            } catch (ContextException e) {
                throw new ContextException(name + ":" + number + ": " + e.getMessage(), e);
            }
        }
        return new Ignore(lines);
    }

    /** Patterns of a command, such as those of {@code --exclude}: no comments, and {@code /a} is not {@code a}. */
    public static Ignore of(List<String> patterns) throws ContextException {
        var lines = new ArrayList<Line>();
        for (var pattern : patterns) {
            add(lines, RawPath.of(pattern).latin1().strip());
        }
        return new Ignore(lines);
    }

    /** One pattern, cleaned; a {@code !} at its beginning is part of a name. */
    static Ignore ofPattern(String latin1) throws ContextException {
        return new Ignore(List.of(new Line(new PathPattern(latin1), false)));
    }

    /** Relative to the root, {@code !} kept. */
    private static String normalized(String text) {
        var back = text.startsWith("!");
        var pattern = back ? text.substring(1).strip() : text;
        if (!pattern.isEmpty()) {
            pattern = clean(pattern);
            if (pattern.length() > 1 && pattern.startsWith("/")) {
                pattern = pattern.substring(1);
            }
        }
        return back ? "!" + pattern : pattern;
    }

    private static void add(List<Line> lines, String text) throws ContextException {
        if (text.isEmpty()) {
            return;
        }
        var pattern = clean(text);
        var back = pattern.startsWith("!");
        if (back && pattern.length() == 1) {
            throw new ContextException("illegal exclusion pattern: \"!\"");
        }
        lines.add(new Line(new PathPattern(back ? pattern.substring(1) : pattern), back));
    }

    /** As Go's {@code filepath.Clean}: the shortest path that means the same, by its text alone. */
    static String clean(String path) {
        var absolute = path.startsWith("/");
        var parts = new ArrayDeque<String>();
        for (var part : path.split("/", -1)) {
            switch (part) {
                case "", "." -> {}
                case ".." -> {
                    if (!parts.isEmpty() && !parts.getLast().equals("..")) {
                        parts.removeLast();
                    } else if (!absolute) {
                        parts.addLast(part);
                    }
                }
                default -> parts.addLast(part);
            }
        }
        var clean = (absolute ? "/" : "") + String.join("/", parts);
        return clean.isEmpty() ? "." : clean;
    }

    /** Whether anything is ignored at all. */
    public boolean isEmpty() {
        return lines.isEmpty();
    }

    /**
     * What becomes of a path.
     *
     * @param path relative to the root
     * @param above what became of the directory that it is in
     */
    public Match match(RawPath path, Match above) {
        if (lines.isEmpty()) {
            return Match.ROOT;
        }
        var matched = new Boolean[lines.size()];
        var ignored = false;
        for (var i = 0; i < matched.length; i++) {
            var line = lines.get(i);
            var match = !above.matched().isEmpty() && above.matched().get(i);
            // A line that could not change anything is not looked at, nor for what is below: so Docker has it.
            if (!match && line.back() == ignored) {
                match = line.pattern().matches(path.latin1());
            }
            matched[i] = match;
            if (match) {
                ignored = !line.back();
            }
        }
        return new Match(ignored, List.of(matched));
    }

    /** What becomes of a path, looked at from the root on. */
    public Match match(RawPath path) {
        var match = Match.ROOT;
        for (var slash = path.latin1().indexOf('/');
                slash >= 0;
                slash = path.latin1().indexOf('/', slash + 1)) {
            match = match(new RawPath(path.latin1().substring(0, slash)), match);
        }
        return match(path, match);
    }

    /** Whether something below a directory that is not ignored can be. */
    boolean mayMatchBelow(RawPath directory) {
        return lines.stream().anyMatch(line -> !line.back() && line.pattern().reachesBelow(directory.latin1()));
    }

    /** Whether an ignored directory can hold something that is not. */
    public boolean mayTakeBackBelow(RawPath directory) {
        return takesBack
                && lines.stream().anyMatch(line -> line.back() && line.pattern().reachesBelow(directory.latin1()));
    }
}
