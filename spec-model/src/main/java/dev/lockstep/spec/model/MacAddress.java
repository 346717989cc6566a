package dev.lockstep.spec.model;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * An Ethernet address.
 *
 * @param text six pairs of lower-case digits with colons between
 */
public record MacAddress(String text) {
    private static final Pattern ADDRESS = Pattern.compile("[0-9a-f]{2}(?::[0-9a-f]{2}){5}");

    public MacAddress {
        if (!ADDRESS.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no MAC address. Write it as 02:42:ac:11:00:03");
        }
    }

    /**
     * Reads {@code 02:42:AC:11:00:03}, also with {@code -} between.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static MacAddress parse(String text) {
        return new MacAddress(text.toLowerCase(Locale.ROOT).replace('-', ':'));
    }

    @Override
    public String toString() {
        return text;
    }
}
