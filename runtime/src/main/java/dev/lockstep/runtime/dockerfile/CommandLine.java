package dev.lockstep.runtime.dockerfile;

import java.util.List;

/** What a container runs, in one of the forms in which it can be written. */
public sealed interface CommandLine {
    /**
     * Words for {@code execve}, as JSON: no shell.
     *
     * @param words empty for {@code CMD []}
     */
    record Exec(List<String> words) implements CommandLine {
        public Exec {
            words = List.copyOf(words);
        }
    }

    /**
     * Text for the shell of the stage ({@code SHELL}, else {@code /bin/sh -c}), as one argument. Here-documents of the
     * line follow it in the text, so that the shell reads them.
     *
     * @param text as the shell gets it
     * @param line as it is written in one line, without here-documents
     */
    record Shell(String text, String line) implements CommandLine {}

    /**
     * A single here-document that begins with {@code #!}: a file to make executable and to run.
     *
     * @param name of the file
     */
    record Script(String name, String content) implements CommandLine {}
}
