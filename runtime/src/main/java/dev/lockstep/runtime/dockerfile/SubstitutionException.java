package dev.lockstep.runtime.dockerfile;

/** A word whose variables cannot be replaced. The message says why, in BuildKit's words. */
public final class SubstitutionException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int offset;
    private final String word;

    SubstitutionException(String message, String word, int offset) {
        super(message);
        this.word = word;
        this.offset = offset;
    }

    /** The word that was read, as it is written. */
    public String word() {
        return word;
    }

    /** How far the word was read, in UTF-16 units. */
    public int offset() {
        return offset;
    }
}
