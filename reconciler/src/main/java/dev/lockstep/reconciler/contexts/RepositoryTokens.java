package dev.lockstep.reconciler.contexts;

import dev.lockstep.reconciler.git.CredentialSource;
import dev.lockstep.runtime.build.BuildRequest;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Tokens for Git repositories among the secrets of a build, under the ids that BuildKit has for them
 * (docs.docker.com/build/building/secrets, "Git authentication for remote contexts"): {@code GIT_AUTH_TOKEN.HOST}, and
 * {@code GIT_AUTH_TOKEN} for the host of the context. That of no host goes nowhere else, as a Dockerfile may name any
 * host in an ADD.
 */
public final class RepositoryTokens {
    private static final String ID = "GIT_AUTH_TOKEN";

    private RepositoryTokens() {}

    /**
     * Where the logins of a build come from.
     *
     * @param context as it is written, whatever it is
     */
    public static CredentialSource of(Map<String, BuildRequest.Secret> secrets, String context)
            throws UnbuildableException {
        var tokens = new HashMap<String, String>();
        var own = Optional.ofNullable(secrets.get(ID));
        if (own.isPresent() && ContextAddress.parse(context) instanceof ContextAddress.Git git) {
            tokens.put(git.remote().host().toLowerCase(Locale.ROOT), text(own.get()));
        }
        secrets.forEach((id, secret) -> {
            if (id.startsWith(ID + ".")) {
                tokens.put(id.substring(ID.length() + 1).toLowerCase(Locale.ROOT), text(secret));
            }
        });
        return CredentialSource.tokens(tokens);
    }

    private static String text(BuildRequest.Secret secret) {
        return new String(secret.content(), StandardCharsets.UTF_8).strip();
    }
}
