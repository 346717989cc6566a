package dev.lockstep.reconciler.git;

import java.io.IOException;
import java.util.Optional;
import org.eclipse.jgit.transport.CredentialItem;
import org.eclipse.jgit.transport.CredentialsProvider;
import org.eclipse.jgit.transport.URIish;
import org.jspecify.annotations.Nullable;

/**
 * Answers a remote that asks who we are: once, so that a wrong password does not lock an account, and only the host
 * that the owner named, wherever a redirect leads. The login of the address goes before the source's.
 */
final class LoginProvider extends CredentialsProvider {
    private final Remote remote;
    private final CredentialSource source;
    private boolean asked;
    private boolean answered;
    private boolean otherHost;
    private @Nullable IOException failure;

    LoginProvider(Remote remote, CredentialSource source) {
        this.remote = remote;
        this.source = source;
    }

    @Override
    public boolean isInteractive() {
        return false;
    }

    @Override
    public boolean supports(CredentialItem... items) {
        for (var item : items) {
            if (!(item instanceof CredentialItem.Username || item instanceof CredentialItem.Password)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean get(URIish uri, CredentialItem... items) {
        asked = true;
        if (answered || !supports(items)) {
            return false;
        }
        if (!remote.host().equalsIgnoreCase(uri.getHost())) {
            otherHost = true;
            return false;
        }
        var login = login();
        login.ifPresent(found -> {
            for (var item : items) {
                if (item instanceof CredentialItem.Username name) {
                    name.setValue(found.user());
                } else if (item instanceof CredentialItem.Password password) {
                    password.setValueNoCopy(found.password().toCharArray());
                }
            }
            answered = true;
        });
        return login.isPresent();
    }

    private Optional<Login> login() {
        if (remote.login().filter(l -> !l.password().isEmpty()).isPresent()) {
            return remote.login();
        }
        try {
            return source.login(remote);
        } catch (IOException e) {
            failure = e;
            return Optional.empty();
        }
    }

    /** True once the remote wanted a login. */
    boolean asked() {
        return asked;
    }

    /** True once a login was given away. */
    boolean answered() {
        return answered;
    }

    /** Why the answer was not enough, for the end of a sentence. */
    String explanation() {
        if (failure != null) {
            return "asks for credentials, and they cannot be read: " + failure.getMessage();
        }
        if (otherHost) {
            return "leads to another host that asks for credentials; write that host's address in the configuration";
        }
        return answered
                ? "refused the credentials; check user, token and whether they may read it"
                : "asks for credentials: write a token into the address, or name a password-file for it in agent.yaml";
    }
}
