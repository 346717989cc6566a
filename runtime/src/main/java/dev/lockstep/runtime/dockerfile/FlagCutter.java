package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.List;

/**
 * Takes the flags from the front of an instruction's arguments. Quotes and backslashes in them are done here; the
 * escape character of the file does not matter for flags.
 */
final class FlagCutter {
    private final String text;
    private final int end;
    private final List<RawInstruction.Flag> flags = new ArrayList<>();
    private int at;
    private int unterminated = -1;

    FlagCutter(String text, int from, int end) {
        this.text = text;
        this.end = end;
        this.at = from;
        blanks();
        while (at + 1 < end && text.charAt(at) == '-' && text.charAt(at + 1) == '-') {
            var begin = at;
            var word = word();
            blanks();
            if (word.equals("--")) {
                break;
            }
            flags.add(new RawInstruction.Flag(word.substring(Math.min(2, word.length())), begin));
        }
    }

    List<RawInstruction.Flag> flags() {
        return flags;
    }

    /** Where the arguments begin. */
    int rest() {
        return at;
    }

    /** Where a quote stands that has no end, or -1. */
    int unterminated() {
        return unterminated;
    }

    private void blanks() {
        while (at < end && Words.isBlank(text.charAt(at))) {
            at++;
        }
    }

    private String word() {
        var word = new StringBuilder();
        var quote = '\0';
        var opened = -1;
        for (; at < end; at++) {
            var c = text.charAt(at);
            if (quote == '\0' && Words.isBlank(c)) {
                break;
            } else if (c == quote) {
                quote = '\0';
            } else if (quote == '\0' && (c == '\'' || c == '"')) {
                quote = c;
                opened = at;
            } else {
                if (c == '\\') {
                    if (++at == end) {
                        break;
                    }
                    c = text.charAt(at);
                }
                word.append(c);
            }
        }
        if (quote != '\0') {
            unterminated = opened;
        }
        return word.toString();
    }
}
