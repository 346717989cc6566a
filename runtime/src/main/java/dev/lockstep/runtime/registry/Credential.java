package dev.lockstep.runtime.registry;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** How one shows a registry who one is. Never printed. */
public sealed interface Credential {
    /** A name and a password. */
    record Account(String user, String password) implements Credential {
        /** Value of an {@code Authorization} header (RFC 7617). */
        public String basic() {
            var pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
            return "Basic " + Base64.getEncoder().encodeToString(pair);
        }

        @Override
        public String toString() {
            return user + ":***";
        }
    }

    /** What an authorization server exchanges for tokens (distribution, "OAuth2 Token Authentication"). */
    record IdentityToken(String token) implements Credential {
        @Override
        public String toString() {
            return "identity token ***";
        }
    }

    /** A token that the registry itself takes. */
    record RegistryToken(String token) implements Credential {
        @Override
        public String toString() {
            return "registry token ***";
        }
    }
}
