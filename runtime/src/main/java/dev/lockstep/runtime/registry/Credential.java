package dev.lockstep.runtime.registry;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** An account on a registry. Never printed. */
public record Credential(String user, String password) {
    /** Value of an {@code Authorization} header (RFC 7617). */
    String basic() {
        var pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    @Override
    public String toString() {
        return user + ":***";
    }
}
