package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Cuts a file into instructions: continuations, comments, here-documents, flags. */
final class LineReader {
    /** More instructions than any image can have layers, many times over. */
    static final int MOST_INSTRUCTIONS = 10_000;

    private static final Set<String> HAVE_HEREDOCS = Set.of("RUN", "COPY", "ADD");

    private final SourceText source;
    private final char escape;
    private final List<Problem> problems;
    private final List<Problem> warnings;
    private final List<RawInstruction> instructions = new ArrayList<>();
    private final List<String> comments = new ArrayList<>();
    private int next;

    LineReader(SourceText source, char escape, List<Problem> problems, List<Problem> warnings) {
        this.source = source;
        this.escape = escape;
        this.problems = problems;
        this.warnings = warnings;
    }

    List<RawInstruction> read() {
        while (next < source.lines().size()) {
            var line = source.lines().get(next);
            var from = blanks(line);
            if (from == line.length()) {
                comments.clear();
                next++;
            } else if (line.charAt(from) == '#') {
                comments.add(line.substring(from + 1).strip());
                next++;
            } else {
                instruction(from);
                if (instructions.size() > MOST_INSTRUCTIONS) {
                    problems.add(Problem.of(
                            instructions.getLast().at(), "more than " + MOST_INSTRUCTIONS + " instructions"));
                    break;
                }
            }
        }
        return instructions;
    }

    private static int blanks(String line) {
        var at = 0;
        while (at < line.length() && Words.isBlank(line.charAt(at))) {
            at++;
        }
        return at;
    }

    private void instruction(int from) {
        var first = next;
        var logical = new LogicalLine();
        var continues = true;
        var gap = -1;
        while (continues && next < source.lines().size()) {
            var line = source.lines().get(next);
            var begin = next == first ? from : 0;
            var blanks = blanks(line);
            if (next > first && blanks < line.length() && line.charAt(blanks) == '#') {
                next++;
                continue;
            }
            if (next > first && blanks == line.length()) {
                gap = next++;
                continue;
            }
            var end = continuation(line, begin);
            continues = end >= 0;
            logical.add(line.substring(begin, continues ? end : line.length()), ++next, line, begin);
        }
        if (gap >= 0) {
            warnings.add(Problem.of(
                    new SourceRange(gap + 1, 1, gap + 1),
                    "Empty continuation line found in: " + Shown.of(logical.text())));
        }
        var text = logical.text();
        if (text.isBlank()) {
            return;
        }
        var at = logical.at(0);
        check(text, logical);
        cut(logical, new SourceRange(at.line(), at.column(), next));
    }

    /** Where the escape character of a line stands that goes on, or -1. */
    private int continuation(String line, int from) {
        var end = line.length();
        while (end > from && (line.charAt(end - 1) == ' ' || line.charAt(end - 1) == '\t')) {
            end--;
        }
        // An escaped escape is a character; so is one after three of them, as BuildKit looks at one before only.
        return end > from && line.charAt(end - 1) == escape && (end - 1 == from || line.charAt(end - 2) != escape)
                ? end - 1
                : -1;
    }

    /** What cannot be put into an image unchanged. */
    private void check(String text, LogicalLine logical) {
        var malformed = text.indexOf(SourceText.MALFORMED);
        if (malformed >= 0) {
            problems.add(Problem.of(logical.at(malformed), "there are bytes that are no UTF-8"));
        }
        var nul = text.indexOf('\0');
        if (nul >= 0) {
            problems.add(Problem.of(logical.at(nul), "the character U+0000 cannot stand in an instruction"));
        }
    }

    private void cut(LogicalLine logical, SourceRange range) {
        var text = logical.text();
        var end = text.length();
        while (Words.isBlank(text.charAt(end - 1))) {
            end--;
        }
        var space = 0;
        while (space < end && !isSpace(text.charAt(space))) {
            space++;
        }
        var keyword = text.substring(0, space);
        var written = new Written(range, keyword, text.substring(0, end), comments);
        comments.clear();
        var flags = new FlagCutter(text, space, end);
        var raw = new RawInstruction(
                written, flags.flags(), text.substring(flags.rest(), end), flags.rest(), List.of(), logical);
        if (flags.unterminated() >= 0) {
            problems.add(Problem.of(logical.at(flags.unterminated()), "a quote in a flag has no end"));
        }
        instructions.add(heredocs(raw));
    }

    /** Only these end the keyword (and, in BuildKit, words). */
    static boolean isSpace(char c) {
        return c == ' ' || c == '\t' || c == '\u000b' || c == '\f' || c == '\r';
    }

    private RawInstruction heredocs(RawInstruction raw) {
        var keyword = raw.written().keyword().toUpperCase(Locale.ROOT);
        var has = HAVE_HEREDOCS.contains(keyword)
                || keyword.equals("ONBUILD") && HAVE_HEREDOCS.contains(firstWord(raw.args()));
        var found = has ? HeredocWords.of(raw.written().text()) : List.<Heredoc>of();
        if (found.isEmpty()) {
            return raw;
        }
        var read = new ArrayList<Heredoc>();
        for (var heredoc : found) {
            read.add(body(heredoc, raw));
        }
        return raw.with(read, Math.max(raw.at().endLine(), next));
    }

    private static String firstWord(String args) {
        var end = 0;
        while (end < args.length() && !Words.isBlank(args.charAt(end))) {
            end++;
        }
        return args.substring(0, end).toUpperCase(Locale.ROOT);
    }

    private Heredoc body(Heredoc heredoc, RawInstruction raw) {
        var content = new StringBuilder();
        while (next < source.lines().size()) {
            var line = source.lines().get(next);
            var windows = source.crlf().get(next++);
            var end = heredoc.stripsTabs() ? withoutTabs(line) : line;
            if (end.equals(heredoc.name())) {
                return new Heredoc(heredoc.name(), heredoc.expands(), heredoc.stripsTabs(), content.toString());
            }
            if (line.indexOf(SourceText.MALFORMED) >= 0) {
                problems.add(Problem.of(new SourceRange(next, 1, next), "there are bytes that are no UTF-8"));
            }
            content.append(line).append(windows ? "\r\n" : "\n");
        }
        problems.add(Problem.of(raw.at(), "unterminated heredoc: no line is " + Shown.of(heredoc.name())));
        return heredoc;
    }

    private static String withoutTabs(String line) {
        var at = 0;
        while (at < line.length() && line.charAt(at) == '\t') {
            at++;
        }
        return line.substring(at);
    }
}
