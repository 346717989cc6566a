package dev.lockstep.runtime.dockerfile;

import java.util.List;

/**
 * An instruction cut into its parts and not understood yet.
 *
 * @param written keyword and place
 * @param flags in order
 * @param args what follows the flags, without blanks around
 * @param argsAt the offset of {@code args} in the logical line
 * @param heredocs in the order of their words
 * @param line to find places in
 */
record RawInstruction(
        Written written, List<Flag> flags, String args, int argsAt, List<Heredoc> heredocs, LogicalLine line) {
    /**
     * {@code --name=value} with quotes and escapes done.
     *
     * @param text without the two hyphens
     * @param offset in the logical line
     */
    record Flag(String text, int offset) {}

    RawInstruction {
        flags = List.copyOf(flags);
        heredocs = List.copyOf(heredocs);
    }

    RawInstruction with(List<Heredoc> read, int endLine) {
        var at = written.at();
        return new RawInstruction(
                new Written(
                        new SourceRange(at.line(), at.column(), endLine),
                        written.keyword(),
                        written.text(),
                        written.comments()),
                flags,
                args,
                argsAt,
                read,
                line);
    }

    SourceRange at() {
        return written.at();
    }

    /** The place of a character of {@link #args}. */
    SourceRange atArgument(int offset) {
        return line.at(argsAt + offset);
    }

    /** The place of a flag by its name; of the whole if it has none. */
    SourceRange atFlag(String name) {
        return flags.stream()
                .filter(flag -> flag.text().equals(name) || flag.text().startsWith(name + "="))
                .findFirst()
                .map(flag -> line.at(flag.offset()))
                .orElse(at());
    }
}
