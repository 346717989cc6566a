package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Finds here-documents in a line: words that begin with {@code <<} outside quotes. */
final class HeredocWords {
    private static final Pattern HEREDOC = Pattern.compile("\\d*<<(-?)([^<]*)");

    private HeredocWords() {}

    /** The documents of a line, without their content yet. A quote without its end means that there are none. */
    static List<Heredoc> of(String line) {
        var result = new ArrayList<Heredoc>();
        if (line.contains("<<")) {
            split(line).forEach(word -> parse(word).ifPresent(result::add));
        }
        return result;
    }

    /** The document that a word begins, without content. Its quotes are still there. */
    static Optional<Heredoc> parse(String word) {
        var match = word.contains("<<") ? HEREDOC.matcher(word) : null;
        if (match == null || !match.matches() || match.group(2).isEmpty()) {
            return Optional.empty();
        }
        var written = match.group(2);
        var name = unquoted(written);
        return name.filter(n -> !n.isEmpty())
                .map(n -> new Heredoc(n, n.equals(written), !match.group(1).isEmpty(), ""));
    }

    /** Empty if a quote has no end, or if it is more than one word. */
    private static Optional<String> unquoted(String word) {
        var result = new StringBuilder();
        for (var i = 0; i < word.length(); i++) {
            var c = word.charAt(i);
            if (c == '\\') {
                if (++i < word.length()) {
                    result.append(word.charAt(i));
                }
            } else if (c == '\'' || c == '"') {
                var end = word.indexOf(c, i + 1);
                if (end < 0) {
                    return Optional.empty();
                }
                result.append(word, i + 1, end);
                i = end;
            } else if (Words.isBlank(c)) {
                return Optional.empty();
            } else {
                result.append(c);
            }
        }
        return Optional.of(result.toString());
    }

    /** At blanks outside quotes; {@code ${…}} is one piece. Escapes are always backslashes here, as in a shell. */
    private static List<String> split(String line) {
        var words = new ArrayList<String>();
        var begin = -1;
        for (var i = 0; i < line.length(); i++) {
            var c = line.charAt(i);
            if (Words.isBlank(c)) {
                if (begin >= 0) {
                    words.add(line.substring(begin, i));
                    begin = -1;
                }
                continue;
            }
            begin = begin < 0 ? i : begin;
            if (c == '\\') {
                i++;
            } else if (c == '\'' || c == '"') {
                i = end(line, i);
                if (i < 0) {
                    return List.of();
                }
            }
        }
        if (begin >= 0) {
            words.add(line.substring(begin));
        }
        return words;
    }

    private static int end(String line, int quote) {
        var c = line.charAt(quote);
        for (var i = quote + 1; i < line.length(); i++) {
            if (line.charAt(i) == c) {
                return i;
            } else if (line.charAt(i) == '\\' && c == '"') {
                i++;
            }
        }
        return -1;
    }
}
