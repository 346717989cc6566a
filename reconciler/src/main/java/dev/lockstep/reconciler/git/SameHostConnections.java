package dev.lockstep.reconciler.git;

import java.io.IOException;
import java.net.Proxy;
import java.net.URL;
import java.util.Optional;
import org.eclipse.jgit.transport.http.HttpConnection;
import org.eclipse.jgit.transport.http.HttpConnectionFactory;

/** Keeps a conversation that has shown a login at the host it was shown to, and hears what is answered. */
final class SameHostConnections implements HttpConnectionFactory {
    private final HttpAnswers answers;
    private final Remote remote;
    private final LoginProvider login;
    private final Optional<Proxy> only;

    /** @param only the way for every connection, instead of any other */
    SameHostConnections(HttpAnswers answers, Remote remote, LoginProvider login, Optional<Proxy> only) {
        this.only = only;
        this.answers = answers;
        this.remote = remote;
        this.login = login;
    }

    @Override
    public HttpConnection create(URL url) throws IOException {
        check(url);
        return answers.connect(url, only);
    }

    @Override
    public HttpConnection create(URL url, Proxy proxy) throws IOException {
        check(url);
        return answers.connect(url, Optional.of(only.orElse(proxy)));
    }

    private void check(URL url) throws IOException {
        if (login.answered() && !remote.host().equalsIgnoreCase(url.getHost())) {
            throw new IOException("redirected to " + url.getHost() + " after logging in; credentials do not go there");
        }
    }
}
