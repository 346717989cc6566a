package dev.lockstep.runtime.image;

/** Content that is not the one that was asked for. */
public final class WrongDigestException extends InvalidImageException {
    private static final long serialVersionUID = 1L;

    private final transient Digest expected;
    private final transient Digest actual;

    /** @param what names the content for people, e.g. {@code layer 2 of nginx:1} */
    public WrongDigestException(String what, Digest expected, Digest actual) {
        super(what + " has digest " + actual + ", expected " + expected);
        this.expected = expected;
        this.actual = actual;
    }

    public Digest expected() {
        return expected;
    }

    public Digest actual() {
        return actual;
    }
}
