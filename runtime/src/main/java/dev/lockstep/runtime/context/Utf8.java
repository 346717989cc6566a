package dev.lockstep.runtime.context;

/** Characters in texts of one character per byte. A byte that begins none is a character of its own, U+FFFD. */
final class Utf8 {
    private static final int NONE = 0xfffd;

    private Utf8() {}

    /** Bytes of the character that begins at {@code at}. */
    static int width(String text, int at) {
        var lead = text.charAt(at);
        var width = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
        if (width == 1 || at + width > text.length()) {
            return 1;
        }
        for (var i = 1; i < width; i++) {
            if ((text.charAt(at + i) & 0xc0) != 0x80) {
                return 1;
            }
        }
        var value = decode(text, at, width);
        // Longer than it need be, a surrogate, or beyond Unicode.
        var valid = width == 2
                || width == 3 && value >= 0x800 && (value < 0xd800 || value > 0xdfff)
                || width == 4 && value >= 0x10000 && value <= 0x10ffff;
        return valid ? width : 1;
    }

    /** The character that begins at {@code at}. */
    static int at(String text, int at) {
        var width = width(text, at);
        if (width > 1) {
            return decode(text, at, width);
        }
        return text.charAt(at) < 0x80 ? text.charAt(at) : NONE;
    }

    private static int decode(String text, int at, int width) {
        var value = text.charAt(at) & (0xff >> (width + 1));
        for (var i = 1; i < width; i++) {
            value = value << 6 | text.charAt(at + i) & 0x3f;
        }
        return value;
    }
}
