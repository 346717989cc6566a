package dev.lockstep.runtime.image;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/**
 * What content is called (OCI image specification, descriptor.md). Only sha256 is accepted: nothing else is in use.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record Digest(String hex) {
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

    public Digest {
        if (!HEX.matcher(hex).matches()) {
            throw new IllegalArgumentException("not a sha256 digest: " + hex);
        }
    }

    /** Reads {@code sha256:HEX}. */
    @JsonCreator
    public static Digest parse(String text) {
        if (!text.startsWith("sha256:")) {
            throw new IllegalArgumentException("not a sha256 digest: " + text);
        }
        return new Digest(text.substring("sha256:".length()));
    }

    /** {@code sha256:} and the first 12 digits: enough for people. */
    public String abbreviated() {
        return "sha256:" + hex.substring(0, 12);
    }

    @JsonValue
    @Override
    public String toString() {
        return "sha256:" + hex;
    }
}
