package dev.lockstep.reconciler.git;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Where passwords and tokens come from; asked at each connection, so that a rotated token needs no restart. */
@FunctionalInterface
public interface CredentialSource {
    /** Bytes of a file that are looked at: more is no password. */
    int LONGEST = 64 << 10;

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

    /**
     * A file of root's alone, for every remote that asks.
     *
     * @param user whose password or token is in it; without one it holds {@code user:password} or only a token
     */
    static CredentialSource file(Optional<String> user, Path file) {
        return remote -> {
            OwnFiles.requireClosed(file);
            String text;
            try (var in = Files.newInputStream(file)) {
                text = new String(in.readNBytes(LONGEST), StandardCharsets.UTF_8).strip();
            }
            if (text.isEmpty() || text.lines().count() > 1) {
                throw new IOException(file + (text.isEmpty() ? " is empty" : " has more than one line"));
            }
            return Optional.of(user.map(name -> new Login(name, text)).orElseGet(() -> Login.parse(text)));
        };
    }
}
