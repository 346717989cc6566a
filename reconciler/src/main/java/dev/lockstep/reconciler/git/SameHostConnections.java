package dev.lockstep.reconciler.git;

import dev.lockstep.runtime.registry.Credential;
import dev.lockstep.runtime.registry.Proxies;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;
import org.eclipse.jgit.transport.http.HttpConnection;
import org.eclipse.jgit.transport.http.HttpConnectionFactory;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one conversation: by which proxy, trusting whom. Keeps one that has shown a login at the host it
 * was shown to, and hears what is answered.
 */
final class SameHostConnections implements HttpConnectionFactory {
    private final HttpAnswers answers;
    private final Remote remote;
    private final LoginProvider login;
    private final GitSettings settings;
    private final Optional<SSLSocketFactory> trust;
    /**
     * To the remote's own host, which is asked more than once: the JDK keeps a connection for the same factory alone.
     */
    private @Nullable TunnelSockets tunnels;

    /** @param trust whom the remote's own host is believed by, instead of the system's authorities */
    SameHostConnections(
            HttpAnswers answers,
            Remote remote,
            LoginProvider login,
            GitSettings settings,
            Optional<SSLSocketFactory> trust) {
        this.answers = answers;
        this.remote = remote;
        this.login = login;
        this.settings = settings;
        this.trust = trust;
    }

    @Override
    public HttpConnection create(URL url) throws IOException {
        return connect(url, Optional.empty());
    }

    @Override
    public HttpConnection create(URL url, Proxy proxy) throws IOException {
        return connect(url, Optional.of(proxy));
    }

    private HttpConnection connect(URL url, Optional<Proxy> otherwise) throws IOException {
        check(url);
        var proxy = settings.gate().isPresent() ? Optional.<Proxies.Proxy>empty() : proxy(url);
        answers.by(proxy);
        var account = proxy.flatMap(Proxies.Proxy::account);
        var tunnel = proxy.filter(p -> account.isPresent() && url.getProtocol().equals("https"));
        var way = settings.gate()
                // A tunnel makes its own way: the JDK shows a proxy no password there.
                .or(() -> tunnel.map(_ -> Proxy.NO_PROXY))
                .or(() -> proxy.map(
                        p -> new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(p.host(), p.port()))))
                .or(() -> otherwise);
        var opened = way.isPresent() ? url.openConnection(way.get()) : url.openConnection();
        if (!(opened instanceof HttpURLConnection connection)) {
            throw new IOException(url.getProtocol() + " is no way to a repository");
        }
        if (connection instanceof HttpsURLConnection secure) {
            if (isRemotes(url)) {
                trust.ifPresent(secure::setSSLSocketFactory);
            }
            tunnel.ifPresent(p -> secure.setSSLSocketFactory(tunnels(secure.getSSLSocketFactory(), p, isRemotes(url))));
        } else {
            account.map(Credential.Account::basic)
                    .ifPresent(value -> connection.setRequestProperty("Proxy-Authorization", value));
        }
        return new HeardConnection(connection, answers);
    }

    private TunnelSockets tunnels(SSLSocketFactory tls, Proxies.Proxy proxy, boolean again) {
        if (!again) {
            return new TunnelSockets(tls, proxy);
        }
        if (tunnels == null) {
            tunnels = new TunnelSockets(tls, proxy);
        }
        return tunnels;
    }

    private Optional<Proxies.Proxy> proxy(URL url) throws IOException {
        try {
            return settings.proxies()
                    .of(new URI(url.getProtocol(), null, url.getHost(), url.getPort(), "/", null, null));
        } catch (URISyntaxException e) {
            throw new IOException("\"" + url.getHost() + "\" is no host", e);
        }
    }

    private boolean isRemotes(URL url) {
        return remote.host().equalsIgnoreCase(url.getHost());
    }

    private void check(URL url) throws IOException {
        if (login.answered() && !isRemotes(url)) {
            throw new IOException("redirected to " + url.getHost() + " after logging in; credentials do not go there");
        }
    }
}
