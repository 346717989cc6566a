package dev.lockstep.spec.model;

import java.util.regex.Pattern;

/**
 * Permission bits of a file, chmod(2).
 *
 * @param bits from 0 to 07777
 */
public record FileMode(int bits) {
    private static final Pattern OCTAL = Pattern.compile("(?:0o)?[0-7]{1,5}");

    public FileMode {
        if (bits < 0 || bits > 07777) {
            throw new IllegalArgumentException(
                    bits + " is no file mode. Write it in octal with a leading zero, such as 0440");
        }
    }

    /**
     * Reads octal digits, with {@code 0} or {@code 0o} before them or without.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static FileMode parse(String text) {
        if (!OCTAL.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no file mode. Write it in octal, such as 0440");
        }
        return new FileMode(Integer.parseInt(text.startsWith("0o") ? text.substring(2) : text, 8));
    }

    /** Octal with a leading zero, such as {@code 0440}. */
    @Override
    public String toString() {
        return "0" + Integer.toOctalString(bits);
    }
}
