package dev.lockstep.runtime.trust;

/** Whether an image is signed as somebody wants it. */
public sealed interface Verdict {
    /** By one of the keys. */
    record Signed(Signature signature) implements Verdict {}

    /**
     * By none of the keys.
     *
     * @param why what there is instead, to go on after the image's name: {@code has no signature}
     */
    record NotSigned(String why) implements Verdict {}
}
