package dev.lockstep.reconciler.desired;

/** Bytes that must not reach an output. */
public final class Hidden {
    private final byte[] bytes;

    Hidden(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    /** For who puts them where they belong. */
    public byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public String toString() {
        return "***";
    }
}
