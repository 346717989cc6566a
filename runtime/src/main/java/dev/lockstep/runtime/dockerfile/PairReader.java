package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Arguments of {@code ENV}, {@code LABEL} and {@code ARG}: words in which quotes and escapes stay. */
final class PairReader {
    /**
     * A word.
     *
     * @param offset in the arguments
     */
    record Word(String text, int offset) {}

    private final RawInstruction raw;
    private final String name;
    private final char escape;
    private final List<Problem> problems;

    PairReader(RawInstruction raw, String name, char escape, List<Problem> problems) {
        this.raw = raw;
        this.name = name;
        this.escape = escape;
        this.problems = problems;
    }

    List<Instruction.Pair> pairs() {
        var words = words(raw.args(), escape);
        if (words.isEmpty()) {
            problems.add(Problem.of(raw.at(), name + " requires at least one argument"));
            return List.of();
        }
        if (!words.getFirst().text().contains("=")) {
            return spaced();
        }
        var pairs = new ArrayList<Instruction.Pair>();
        for (var word : words) {
            var equals = word.text().indexOf('=');
            if (equals < 0) {
                problems.add(Problem.of(
                        raw.atArgument(word.offset()),
                        "Syntax error - can't find = in " + Shown.of(word.text())
                                + ". Must be of the form: name=value"));
            } else if (equals == 0) {
                problems.add(Problem.of(raw.atArgument(word.offset()), name + " names can not be blank"));
            } else {
                pairs.add(new Instruction.Pair(
                        word.text().substring(0, equals), word.text().substring(equals + 1), false));
            }
        }
        return pairs;
    }

    /** The old form: the first word is the name, everything behind it the value. */
    private List<Instruction.Pair> spaced() {
        var args = raw.args();
        var end = 0;
        while (end < args.length() && !LineReader.isSpace(args.charAt(end))) {
            end++;
        }
        var value = end;
        while (value < args.length() && LineReader.isSpace(args.charAt(value))) {
            value++;
        }
        if (value == args.length()) {
            problems.add(Problem.of(raw.atArgument(0), name + " must have two arguments"));
            return List.of();
        }
        return List.of(new Instruction.Pair(args.substring(0, end), args.substring(value), true));
    }

    List<Instruction.Arg.Declaration> declarations() {
        var words = words(raw.args(), escape);
        if (words.isEmpty()) {
            problems.add(Problem.of(raw.at(), name + " requires at least one argument"));
        }
        var result = new ArrayList<Instruction.Arg.Declaration>();
        for (var word : words) {
            var equals = word.text().indexOf('=');
            if (equals == 0) {
                problems.add(Problem.of(raw.atArgument(word.offset()), name + " names can not be blank"));
            } else {
                result.add(new Instruction.Arg.Declaration(
                        equals < 0 ? word.text() : word.text().substring(0, equals),
                        equals < 0 ? Optional.empty() : Optional.of(word.text().substring(equals + 1))));
            }
        }
        return result;
    }

    /** At blanks outside quotes. An escape at the very end is dropped; a quote without end goes to the end. */
    static List<Word> words(String text, char escape) {
        var words = new ArrayList<Word>();
        var word = new StringBuilder();
        var begin = -1;
        var quote = '\0';
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (quote == '\0' && Words.isBlank(c)) {
                if (begin >= 0) {
                    words.add(new Word(word.toString(), begin));
                    word.setLength(0);
                    begin = -1;
                }
                continue;
            }
            begin = begin < 0 ? i : begin;
            if (c == escape && quote != '\'') {
                if (i + 1 == text.length()) {
                    break;
                }
                word.append(c).append(text.charAt(++i));
                continue;
            }
            if (quote == '\0' && (c == '\'' || c == '"')) {
                quote = c;
            } else if (c == quote) {
                quote = '\0';
            }
            word.append(c);
        }
        if (begin >= 0 && !word.isEmpty()) {
            words.add(new Word(word.toString(), begin));
        }
        return words;
    }
}
