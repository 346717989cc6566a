package dev.lockstep.spec.yaml;

/**
 * Text of a file as it may be shown: what it quotes must neither steer a terminal nor turn the reading direction of the
 * words around it, and nobody reads a megabyte.
 */
final class ShownText {
    private static final int LONGEST = 2000;
    private static final int KEPT = 900;

    private ShownText() {}

    static String of(String text) {
        var shown = text.codePoints().anyMatch(ShownText::isHidden) ? escaped(text) : text;
        return shown.length() <= LONGEST
                ? shown
                : shown.substring(0, KEPT) + " … " + shown.substring(shown.length() - KEPT);
    }

    private static String escaped(String text) {
        var out = new StringBuilder(text.length());
        text.codePoints().limit(LONGEST + 1L).forEach(c -> {
            if (isHidden(c)) {
                out.append(String.format("\\u%04X", c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.toString();
    }

    private static boolean isHidden(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE ->
                true;
            // The bidirectional controls; a joiner inside an emoji is harmless.
            case Character.FORMAT -> codePoint != 0x200D && codePoint != 0x200C && codePoint != 0x00AD;
            default -> false;
        };
    }
}
