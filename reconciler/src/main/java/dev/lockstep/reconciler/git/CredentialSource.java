package dev.lockstep.reconciler.git;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Where passwords and tokens come from; asked at each connection, so that a rotated token needs no restart. */
@FunctionalInterface
public interface CredentialSource {
    /** The login for a remote, or empty when this source has none. */
    Optional<Login> login(Remote remote) throws IOException;

    /** No credentials but those in the address itself. */
    static CredentialSource none() {
        return remote -> Optional.empty();
    }

    /**
     * Tokens of hosts, such as code hosts give them for HTTP.
     *
     * @param byHost by the host's name in lower case
     */
    static CredentialSource tokens(Map<String, String> byHost) {
        var tokens = Map.copyOf(byHost);
        return remote -> Optional.ofNullable(tokens.get(remote.host().toLowerCase(Locale.ROOT)))
                .map(Login::parse);
    }

    /** A file with {@code user:password} or only a token, for every remote that asks. */
    static CredentialSource file(Path file) {
        return remote -> {
            var text = Files.readString(file).strip();
            return text.isEmpty() ? Optional.empty() : Optional.of(Login.parse(text));
        };
    }
}
