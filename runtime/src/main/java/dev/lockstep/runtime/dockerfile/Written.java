package dev.lockstep.runtime.dockerfile;

import java.util.List;

/**
 * How an instruction stands in its file.
 *
 * @param keyword its first word as it is written: {@code From}
 * @param text the instruction in one line: continuations joined, comments inside left out, flags included, bodies of
 *     here-documents not
 * @param comments the comment lines right above it, without {@code #} and blanks around
 */
public record Written(SourceRange at, String keyword, String text, List<String> comments) {
    public Written {
        comments = List.copyOf(comments);
    }
}
