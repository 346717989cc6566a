package dev.lockstep.runtime.dockerfile;

/** Text of a file within a message: quoted, not too long, on one line. */
final class Shown {
    private static final int LONGEST = 120;
    private static final int LONGEST_MESSAGE = 1_000;

    private Shown() {}

    /** In quotes. */
    static String of(String text) {
        return "\"" + plain(cut(text, LONGEST).replace("\\", "\\\\").replace("\"", "\\\"")) + "\"";
    }

    /** As it is, but for what a terminal would obey. */
    static String plain(String text) {
        var result = new StringBuilder(text.length());
        cut(text, LONGEST_MESSAGE).chars().forEach(c -> {
            switch (c) {
                case '\t' -> result.append("\\t");
                case '\n' -> result.append("\\n");
                case '\r' -> result.append("\\r");
                default -> {
                    if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                        result.append(String.format("\\u%04x", c));
                    } else {
                        result.append((char) c);
                    }
                }
            }
        });
        return result.toString();
    }

    private static String cut(String text, int longest) {
        return text.length() > longest ? text.substring(0, longest) + "…" : text;
    }
}
