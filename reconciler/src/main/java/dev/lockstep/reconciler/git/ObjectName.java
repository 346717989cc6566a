package dev.lockstep.reconciler.git;

/** Ids of Git objects as text. */
final class ObjectName {
    private ObjectName() {}

    static boolean matches(String text) {
        return text.matches("[0-9a-f]{40}");
    }

    static void check(String text) {
        if (!matches(text)) {
            throw new IllegalArgumentException("not an object id: " + text);
        }
    }
}
