package dev.lockstep.reconciler.git;

import java.io.IOException;
import java.net.Proxy;
import java.net.URL;
import org.eclipse.jgit.transport.http.HttpConnection;
import org.eclipse.jgit.transport.http.HttpConnectionFactory;

/** Keeps a conversation that has shown a login at the host it was shown to. */
final class SameHostConnections implements HttpConnectionFactory {
    private final HttpConnectionFactory connections;
    private final Remote remote;
    private final LoginProvider login;

    SameHostConnections(HttpConnectionFactory connections, Remote remote, LoginProvider login) {
        this.connections = connections;
        this.remote = remote;
        this.login = login;
    }

    @Override
    public HttpConnection create(URL url) throws IOException {
        check(url);
        return connections.create(url);
    }

    @Override
    public HttpConnection create(URL url, Proxy proxy) throws IOException {
        check(url);
        return connections.create(url, proxy);
    }

    private void check(URL url) throws IOException {
        if (login.answered() && !remote.host().equalsIgnoreCase(url.getHost())) {
            throw new IOException("redirected to " + url.getHost() + " after logging in; credentials do not go there");
        }
    }
}
