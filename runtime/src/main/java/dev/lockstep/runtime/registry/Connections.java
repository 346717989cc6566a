package dev.lockstep.runtime.registry;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * HTTP clients: one for all hosts, one for plain text, and one for each host whose owner trusts other certificates
 * there, shows one of his own, or calls it insecure. Each is made when it is first needed: they are dear. Files are
 * looked at again each time, so that a renewed certificate is used at once.
 */
final class Connections implements AutoCloseable {
    /** Longest wait for a sign of how an insecure host speaks: one that does not speak TLS may wait for more of it. */
    private static final Duration PROBE = Duration.ofSeconds(5);

    private static final String TUNNEL_SCHEMES = "jdk.http.auth.tunneling.disabledSchemes";

    private record Special(Certificates certificates, HttpClient client) {}

    private final RegistrySettings settings;
    private final RegistryHosts hosts;
    private @Nullable HttpClient ordinary;
    private @Nullable HttpClient plain;
    private final Map<String, Special> special = new HashMap<>();
    private final Map<String, URI> probed = new ConcurrentHashMap<>();

    Connections(RegistrySettings settings) {
        this.settings = settings;
        this.hosts = settings.hosts();
        if (System.getProperty(TUNNEL_SCHEMES) == null) {
            // The JDK shows a proxy no password for a tunnel unless it is told to (JDK 8u111 release notes), and is
            // told
            // by this property alone, before the first client of the process: that of the next engine may need it.
            System.setProperty(TUNNEL_SCHEMES, "");
        }
    }

    private HttpClient.Builder builder() {
        var builder = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(settings.connect());
        return builder.proxy(new Selector(settings.proxies(), settings.gate()));
    }

    /** The JDK's question for a proxy. Without a selector of ours it would look at properties of the process. */
    private static final class Selector extends ProxySelector {
        private final Proxies proxies;
        private final Optional<OutsideGate> gate;

        Selector(Proxies proxies, Optional<OutsideGate> gate) {
            this.proxies = proxies;
            this.gate = gate;
        }

        @Override
        public List<Proxy> select(URI uri) {
            return List.of(proxies.of(uri)
                    .map(p -> new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(p.host(), p.port())))
                    // Where a proxy of the owner's leads is not for us to say.
                    .or(() -> gate.map(OutsideGate::webProxy))
                    .orElse(Proxy.NO_PROXY));
        }

        @Override
        public void connectFailed(URI uri, SocketAddress address, IOException e) {
            // Whoever asked is told.
        }
    }

    /**
     * {@code https://ADDRESS}, or {@code http://ADDRESS} where that is allowed and the host speaks no TLS.
     *
     * @throws RegistryHttp.TransientException when the host has to be asked how it speaks, and does not say
     */
    URI base(String host) throws IOException, InterruptedException {
        var address = RegistryHosts.address(host);
        if (hosts.rule(host).insecure().orElse(false)) {
            return probe(host, address);
        }
        return base(host, scheme(host));
    }

    /** How a host speaks that nobody calls insecure. */
    private String scheme(String host) throws IOException {
        var plainByDefault = hosts.rule(host).insecure().isEmpty()
                && RegistryHosts.LOOPBACK.matcher(host).matches();
        return plainByDefault
                        && Certificates.find(hosts.certificates(), RegistryHosts.address(host))
                                .isEmpty()
                ? "http"
                : "https";
    }

    /** Makes the client for that host, unless it must be asked first how it speaks. */
    void prepare(String host) throws IOException {
        if (!hosts.rule(host).insecure().orElse(false)) {
            client(base(host, scheme(host)));
        }
    }

    private static URI base(String host, String scheme) throws RegistryException {
        return Addresses.ofRegistry(host, scheme + "://" + RegistryHosts.address(host));
    }

    /**
     * A host that has answered in one way keeps to it. Only an answer in plain text shows that it speaks so, and none
     * that says "this is the port for HTTPS" (400, as Go, nginx and others have it): a connection that breaks while TLS
     * begins shows nothing. Several may ask at once; nobody waits for another's answer.
     */
    private URI probe(String host, String address) throws IOException, InterruptedException {
        var known = probed.get(address);
        if (known != null) {
            return known;
        }
        var https = base(host, "https");
        try {
            ask(https);
            probed.put(address, https);
            return https;
        } catch (HttpConnectTimeoutException e) {
            // Perhaps it listens and waits for more of what it takes for a request: so says the JDK of that too.
            return plain(host, address).orElseThrow(() -> RegistryHttp.unreachable(host, e));
        } catch (ConnectException e) {
            throw RegistryHttp.unreachable(host, e);
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            return plain(host, address).orElseThrow(() -> RegistryHttp.unreachable(host, e));
        }
    }

    private Optional<URI> plain(String host, String address) throws IOException, InterruptedException {
        var http = base(host, "http");
        int status;
        try {
            status = ask(http);
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            return Optional.empty();
        }
        return switch (status) {
            case 200, 401, 403, 404, 429 -> {
                probed.put(address, http);
                yield Optional.of(http);
            }
            default -> Optional.empty();
        };
    }

    private int ask(URI base) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(base.resolve("/v2/"))
                .version(HttpClient.Version.HTTP_1_1)
                .timeout(PROBE.compareTo(settings.idle()) < 0 ? PROBE : settings.idle());
        proxyAccount(base).ifPresent(value -> request.setHeader("Proxy-Authorization", value));
        var response = client(base).send(request.build(), _ -> new Body(settings.idle()));
        try (var _ = response.body()) {
            checkProxy(base, response.statusCode(), "registry " + Addresses.host(base));
            return response.statusCode();
        }
    }

    /** What a proxy on the way to that address is shown. The JDK sends it to the proxy and to nobody behind it. */
    Optional<String> proxyAccount(URI uri) {
        return settings.proxies().of(uri).flatMap(Proxies.Proxy::account).map(Credential.Account::basic);
    }

    /** @throws RegistryException that names the proxy when it does not let us through */
    void checkProxy(URI uri, int status, String registry) throws RegistryException {
        if (status == 407) {
            throw new RegistryException(
                    RegistryException.Reason.MISCONFIGURED,
                    registry + " cannot be asked: the proxy "
                            + settings.proxies().of(uri).map(p -> p + " ").orElse("")
                            + (proxyAccount(uri).isPresent()
                                    ? "does not take the account that it is shown"
                                    : "wants an account"));
        }
    }

    /** The client for that address. */
    HttpClient client(URI uri) throws IOException {
        return client(uri, false);
    }

    /** The same for an address that a stranger named: no certificate of this host's is shown there. */
    HttpClient strangersClient(URI uri) throws IOException {
        return client(uri, true);
    }

    private synchronized HttpClient client(URI uri, boolean anonymous) throws IOException {
        if (uri.getScheme().equalsIgnoreCase("http")) {
            plain = plain != null
                    ? plain
                    : builder().sslContext(PlainText.context()).build();
            return plain;
        }
        var address = uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
        var host = RegistryHosts.host(address);
        var insecure = hosts.rule(host).insecure().orElse(false);
        var all = insecure ? new Certificates(List.of()) : Certificates.find(hosts.certificates(), address);
        var certificates = anonymous ? all.authoritiesAlone() : all;
        if (certificates.isEmpty() && !insecure) {
            ordinary = ordinary != null ? ordinary : builder().build();
            return ordinary;
        }
        var key = (anonymous ? "anonymously " : "") + address;
        var known = Optional.ofNullable(special.get(key)).filter(s -> s.certificates.isSame(certificates));
        if (known.isPresent()) {
            return known.get().client();
        }
        var context = insecure ? AnyCertificate.context() : certificates.context();
        var client = builder().sslContext(context).build();
        // An earlier one may still be downloading: it ends with its last answer.
        special.put(key, new Special(certificates, client));
        return client;
    }

    @Override
    public synchronized void close() {
        Stream.concat(
                        Stream.of(ordinary, plain).filter(Objects::nonNull),
                        special.values().stream().map(Special::client))
                .forEach(HttpClient::shutdownNow);
    }
}
