package dev.lockstep.runtime.image;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What content is called (OCI image specification, descriptor.md). Only sha256 is accepted: nothing else is in use.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record Digest(String hex) {
    /** Of another algorithm, as the specification writes them. */
    private static final Pattern OTHER = Pattern.compile("[a-z0-9]+([+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]{1,256}");

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
            throw new IllegalArgumentException(
                    OTHER.matcher(text).matches()
                            ? "a digest by " + text.substring(0, text.indexOf(':'))
                                    + ", which is not supported: only sha256 is"
                            : "not a sha256 digest: " + text);
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

    // As the JVM would make them, but it makes them when they are first called: 10 ms of every command with an image.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Digest(var its) && hex.equals(its);
    }

    @Override
    public int hashCode() {
        return hex.hashCode();
    }
}
