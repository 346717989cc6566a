package dev.lockstep.reconciler.plan;

/** Text from files, images and containers, made harmless for a terminal. */
public final class Printable {
    private Printable() {}

    /**
     * Control characters, newlines and marks that change the direction of writing as {@code \}{@code uXXXX}: such text
     * comes from strangers, and must not move the cursor or pretend to be another line.
     */
    public static String text(String text) {
        if (text.chars().noneMatch(Printable::dangerous)) {
            return text;
        }
        var safe = new StringBuilder();
        text.chars().forEach(c -> {
            if (dangerous(c)) {
                safe.append("\\u%04x".formatted(c));
            } else {
                safe.append((char) c);
            }
        });
        return safe.toString();
    }

    private static boolean dangerous(int c) {
        return Character.isISOControl(c)
                || c >= 0x200e && c <= 0x200f
                || c >= 0x2028 && c <= 0x202e
                || c >= 0x2066 && c <= 0x2069;
    }
}
