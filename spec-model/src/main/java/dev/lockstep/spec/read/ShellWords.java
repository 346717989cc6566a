package dev.lockstep.spec.read;

import java.util.ArrayList;
import java.util.List;

/** Splits a command as docker compose does: quotes and backslashes of a shell, but no shell. */
public final class ShellWords {
    private ShellWords() {}

    /**
     * The words of a command.
     *
     * @param endedAt index of an unquoted {@code ; & | < >}, which silently ends the command; −1 if there is none
     */
    public record Words(List<String> words, int endedAt) {
        public Words {
            words = List.copyOf(words);
        }
    }

    /**
     * Splits {@code text}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Words split(String text) {
        var words = new ArrayList<String>();
        var word = new StringBuilder();
        var inWord = false;
        var quote = ' ';
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c == '\\' && quote != '\'') {
                if (++i == text.length()) {
                    throw new IllegalArgumentException("the command ends with a backslash that escapes nothing");
                }
                word.append(text.charAt(i));
                inWord = true;
            } else if (quote != ' ') {
                if (c == quote) {
                    quote = ' ';
                } else {
                    word.append(c);
                }
            } else if (c == '\'' || c == '"') {
                quote = c;
                inWord = true;
            } else if (c == '`' || (c == '$' && text.startsWith("$(", i))) {
                // Kept as text up to where the shell would end it.
                var end = text.indexOf(c == '`' ? '`' : ')', i + 1);
                if (end < 0) {
                    throw new IllegalArgumentException("the command has a " + c + " that is not closed");
                }
                word.append(text, i, end + 1);
                inWord = true;
                i = end;
            } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
                if (inWord) {
                    words.add(word.toString());
                    word.setLength(0);
                    inWord = false;
                }
            } else if (";&|<>".indexOf(c) >= 0) {
                // 2> is one sign.
                var descriptor = c == '>' && !word.isEmpty() && word.charAt(0) >= '0' && word.charAt(0) <= '9';
                if (inWord && !descriptor) {
                    words.add(word.toString());
                }
                return new Words(words, i);
            } else if (c == '(' || c == ')') {
                throw new IllegalArgumentException(
                        "the command has an unquoted " + c + ". No shell runs it; write [sh, -c, '…'] to have one");
            } else {
                word.append(c);
                inWord = true;
            }
        }
        if (quote != ' ') {
            throw new IllegalArgumentException("the command has a " + quote + " that is not closed");
        }
        if (inWord) {
            words.add(word.toString());
        }
        return new Words(words, -1);
    }
}
