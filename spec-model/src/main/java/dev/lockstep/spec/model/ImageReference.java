package dev.lockstep.spec.model;

import java.util.regex.Pattern;

/**
 * The name of an image, in the form {@code [HOST[:PORT]/]NAME[:TAG][@DIGEST]} of the distribution specification.
 *
 * @param text as written; what is left out of it the engine fills in
 */
public record ImageReference(String text) {
    private static final String COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
    private static final String HOST =
            "(?:\\[[0-9a-fA-F:]+\\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::[0-9]{1,5})?";
    private static final Pattern REFERENCE = Pattern.compile("(?:" + HOST + "/)?" + COMPONENT + "(?:/" + COMPONENT
            + ")*" + "(?::[\\w][\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64}|@sha512:[0-9a-f]{128})?");
    private static final int LONGEST = 512;

    public ImageReference {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("is empty. Write the name of an image");
        }
        if (text.length() > LONGEST || !REFERENCE.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text
                    + "\" is not an image reference. Write [HOST/]NAME[:TAG][@DIGEST], the name in lower case");
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
