package dev.lockstep.spec.load;

/** How much one load may make out of its files: extends, include and variables multiply what is written. */
final class Budget {
    private static final int CHARACTERS = 16 << 20;
    private static final long NODES = 500_000;
    private static final int INCLUDES = 1000;
    /** Levels of extends or include. */
    static final int DEPTH = 100;

    private int characters = CHARACTERS;
    private long nodes = NODES;
    private int includes = INCLUDES;

    /** Text that variables may still make. */
    int characters() {
        return characters;
    }

    void takeCharacters(int used) {
        characters -= used;
    }

    /** False when no more values may be copied. */
    boolean takeNode() {
        return nodes-- > 0;
    }

    /** False when values were left out. */
    boolean hasNodes() {
        return nodes >= 0;
    }

    /** False when no more projects may be included. */
    boolean takeInclude() {
        return includes-- > 0;
    }

    /** For the user who has used it up. */
    String exhausted() {
        return nodes < 0
                ? "extends and include make more than " + NODES + " values of these files"
                : "more than " + INCLUDES + " includes";
    }
}
