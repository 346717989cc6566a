package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.RawPath;

/**
 * What a container did to one file of its image.
 *
 * @param path absolute
 */
public record FileChange(Kind kind, RawPath path) {
    /** With Docker's letters. */
    public enum Kind {
        ADDED('A'),
        CHANGED('C'),
        DELETED('D');

        private final char letter;

        Kind(char letter) {
            this.letter = letter;
        }

        /** As {@code docker diff} prints it. */
        public char letter() {
            return letter;
        }
    }
}
