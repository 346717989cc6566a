package dev.lockstep.runtime.registry;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests to registries: authentication, redirects, another try where that helps, and sentences where it does not.
 * Neither tokens nor queries of redirects, which are signatures, go into a message.
 */
final class RegistryHttp implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryHttp.class);
    static final int REDIRECTS = 10;
    private static final int ERROR_LIMIT = 64 * 1024;
    /** A document that comes more slowly than this, all in all, does not come. */
    private static final int DOCUMENT_RATE = 64 * 1024;
    /** Getting further by this much makes up for all failures before. Anything less could go on for years. */
    private static final int LEAST_PROGRESS = 64 * 1024;

    private final RegistrySettings settings;
    private final Retries retries;
    private final Tokens tokens;
    private final JsonMapper json;
    private final Connections connections;
    private final FailedMirrors failedMirrors;

    RegistryHttp(RegistrySettings settings, JsonMapper json) {
        this.settings = settings;
        this.json = json;
        this.retries = new Retries(settings);
        this.connections = new Connections(settings);
        this.failedMirrors = new FailedMirrors(settings.time());
        this.tokens = new Tokens(settings, json, this);
    }

    FailedMirrors failedMirrors() {
        return failedMirrors;
    }

    Time time() {
        return settings.time();
    }

    Connections connections() {
        return connections;
    }

    /** A failure after which another try may help. */
    static final class TransientException extends IOException {
        private static final long serialVersionUID = 1L;

        private final transient RegistryException whenGivenUp;
        private final boolean connected;
        private final transient Optional<Duration> asked;

        TransientException(RegistryException whenGivenUp, boolean connected, Optional<Duration> asked) {
            super(whenGivenUp);
            this.whenGivenUp = whenGivenUp;
            this.connected = connected;
            this.asked = asked;
        }
    }

    /** One try of something. */
    interface Attempt<T> {
        T run() throws IOException, InterruptedException;

        /** Grows while tries get further; then they are not counted. */
        default long progress() {
            return 0;
        }
    }

    /** Tries until it works, or fails for good, or does not get further for too long. */
    <T> T retrying(Attempt<T> attempt) throws IOException {
        return retrying(attempt, false);
    }

    /** The same of an endpoint; a mirror that is down is not waited for: there is another place to ask. */
    <T> T retrying(Endpoint endpoint, Attempt<T> attempt) throws IOException {
        return retrying(attempt, endpoint.isMirror());
    }

    <T> T retrying(Attempt<T> attempt, boolean hasAlternative) throws IOException {
        try {
            var failures = 0;
            var before = attempt.progress();
            while (true) {
                try {
                    return attempt.run();
                } catch (TransientException e) {
                    var now = attempt.progress();
                    failures = now - before >= LEAST_PROGRESS ? 1 : failures + 1;
                    before = failures == 1 ? now : before;
                    var pause = hasAlternative && !e.connected
                            ? Optional.<Duration>empty()
                            : retries.pause(
                                    failures,
                                    e.connected,
                                    e.asked,
                                    ThreadLocalRandom.current().nextDouble());
                    if (pause.isEmpty()) {
                        throw e.whenGivenUp;
                    }
                    LOG.debug("retrying because={} in={}", e.whenGivenUp.getMessage(), pause.get());
                    settings.time().sleep(pause.get());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    /**
     * One request; the body can be sent several times.
     *
     * @param patience longest wait for the beginning of the answer, from when the request is sent
     * @param isBulk whether much is sent or asked for
     */
    record Exchange(
            String method,
            URI uri,
            Map<String, String> headers,
            HttpRequest.BodyPublisher body,
            Optional<Duration> patience,
            boolean isBulk) {
        Exchange(String method, URI uri) {
            this(method, uri, Map.of(), HttpRequest.BodyPublishers.noBody(), Optional.empty(), false);
        }

        Exchange headers(Map<String, String> more) {
            var all = new LinkedHashMap<>(headers);
            all.putAll(more);
            return new Exchange(method, uri, all, body, patience, isBulk);
        }

        Exchange header(String name, String value) {
            return headers(Map.of(name, value));
        }

        Exchange body(HttpRequest.BodyPublisher content) {
            return new Exchange(method, uri, headers, content, patience, isBulk);
        }

        Exchange patience(Duration longest) {
            return new Exchange(method, uri, headers, body, Optional.of(longest), isBulk);
        }

        Exchange bulk() {
            return new Exchange(method, uri, headers, body, patience, true);
        }

        private Exchange at(URI other) {
            return new Exchange(method, other, headers, body, patience, isBulk);
        }
    }

    /** Asks for something. */
    Answer send(String method, Endpoint endpoint, URI uri, Map<String, String> headers)
            throws IOException, InterruptedException {
        return send(endpoint, new Exchange(method, uri).headers(headers));
    }

    /**
     * Sends one request, with a token where the registry wants one, and follows redirects.
     *
     * @return any answer but 401 and those that another try may better; the caller closes it
     * @throws TransientException when another try may help
     */
    Answer send(Endpoint endpoint, Exchange request) throws IOException, InterruptedException {
        var authorization = tokens.known(endpoint);
        for (var fresh = false; ; fresh = true) {
            var answer = follow(endpoint, request, authorization);
            if (answer.status() != 401) {
                return answer;
            }
            var challenges = Challenge.parse(answer.headers().allValues("WWW-Authenticate"));
            // Nobody but the registry says to whom its account may be shown.
            var isOwn = Addresses.sameServer(endpoint.base(), answer.from());
            try (answer) {
                authorization = fresh || !isOwn ? Optional.empty() : tokens.obtain(endpoint, challenges);
                if (authorization.isEmpty()) {
                    throw denied(endpoint, answer);
                }
                answer.body().drain();
            }
        }
    }

    private Answer follow(Endpoint endpoint, Exchange request, Optional<String> authorization)
            throws IOException, InterruptedException {
        var at = request.uri();
        for (var i = 0; i <= REDIRECTS; i++) {
            // Credentials are for the registry, not for where it keeps its content.
            var known = Addresses.sameServer(endpoint.base(), at) ? authorization : Optional.<String>empty();
            var hop = request.at(at);
            var answer = exchange(
                    endpoint.host(),
                    known.map(value -> hop.header("Authorization", value)).orElse(hop));
            switch (answer.status()) {
                case 301, 302, 303, 307, 308 -> {
                    try (answer) {
                        answer.body().drain();
                        at = redirected(endpoint, at, answer.header("Location"));
                    }
                }
                default -> {
                    return answer;
                }
            }
        }
        throw new RegistryException(
                RegistryException.Reason.BROKEN,
                "registry " + endpoint.host() + " redirects more than " + REDIRECTS + " times");
    }

    static URI redirected(Endpoint endpoint, URI from, Optional<String> location) throws RegistryException {
        return Addresses.named(
                from, location, endpoint.isPlain(), "registry " + endpoint.host() + " redirects or sends to");
    }

    /** One exchange with one server, which for sentences is {@code host}. */
    Answer exchange(String host, Exchange exchange) throws IOException, InterruptedException {
        return exchange(host, exchange, connections.client(exchange.uri()));
    }

    /** The same with a server that a stranger named: it learns nothing but what it is asked for. */
    Answer anonymous(String host, Exchange exchange) throws IOException, InterruptedException {
        return exchange(host, exchange, connections.strangersClient(exchange.uri()));
    }

    private Answer exchange(String host, Exchange exchange, HttpClient client)
            throws IOException, InterruptedException {
        var uri = exchange.uri();
        var way = host + settings.proxies().of(uri).map(p -> " over proxy " + p).orElse("");
        HttpResponse<Body> response;
        try {
            response = client.send(request(exchange), _ -> new Body(settings.idle()));
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            throw unreachable(
                    way, settings.gate().flatMap(gate -> gate.trouble(uri)).orElse(e));
        } catch (IllegalArgumentException e) {
            // So says the JDK of headers that no HTTP server sends. Its words might quote them.
            throw new RegistryException(
                    RegistryException.Reason.BROKEN, "registry " + way + " answers what is no valid HTTP");
        }
        try (var _ = response.statusCode() == 407 ? response.body() : null) {
            // The refusal of a tunnel has no body at all.
            connections.checkProxy(uri, response.statusCode(), "registry " + host);
        }
        var answer = new Answer(uri, response.statusCode(), response.headers(), response.body());
        if (Retries.isTransient(answer.status())) {
            try (answer) {
                var asked = Retries.retryAfter(
                        answer.header("Retry-After"), settings.time().instant());
                throw new TransientException(failed(host, answer), true, asked);
            }
        }
        return answer;
    }

    /**
     * HTTP/2 for what is asked many times and small: one connection, no further handshakes. Blobs go by HTTP/1.1: over
     * the loopback the JDK's client is as fast with either (README.md has numbers), but what HTTP/2 has promised to
     * take is up to 16 MiB in memory for each download, where with a connection of their own the kernel holds a slow
     * reader's sender back; and a lost packet then stops one download and not all.
     */
    private HttpRequest request(Exchange exchange) {
        var isTls = exchange.uri().getScheme().equalsIgnoreCase("https");
        var request = HttpRequest.newBuilder(exchange.uri())
                .version(isTls && !exchange.isBulk() ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1)
                .method(exchange.method(), exchange.body())
                .timeout(exchange.patience().orElse(settings.idle()))
                .setHeader("User-Agent", "lockstep");
        connections.proxyAccount(exchange.uri()).ifPresent(value -> request.setHeader("Proxy-Authorization", value));
        exchange.headers().forEach(request::setHeader);
        return request.build();
    }

    /**
     * All of a document that somebody sends.
     *
     * @param what it should be, for errors
     * @throws RegistryException when it has more than {@code limit} bytes
     * @throws TransientException when it does not come to its end
     */
    byte[] read(String host, Answer answer, int limit, String what) throws IOException, InterruptedException {
        byte[] bytes;
        try {
            bytes = answer.body().readAll(limit, settings.idle().plusSeconds(limit / DOCUMENT_RATE));
        } catch (IOException e) {
            throw unreachable(host, e);
        }
        if (bytes.length > limit) {
            throw new RegistryException(
                    RegistryException.Reason.BROKEN,
                    "registry " + host + " sends more than "
                            + (limit < 1 << 20 ? (limit >> 10) + " KiB" : (limit >> 20) + " MiB") + " for " + what);
        }
        return bytes;
    }

    /** Says why nobody answers. Certificates do not get better by asking again, a handshake that broke off may. */
    static IOException unreachable(String host, IOException e) {
        if (e instanceof OutsideGate.RefusedException refused) {
            return new RegistryException(
                    RegistryException.Reason.DENIED, "registry " + host + " is not asked: " + refused.getMessage(), e);
        }
        var why = switch (e) {
            case HttpConnectTimeoutException _ -> "no connection in time";
            case HttpTimeoutException _ -> "no answer in time";
            case UnknownHostException _ -> "its name is unknown";
            case ConnectException c ->
                c.getCause() instanceof UnresolvedAddressException
                                || (c.getCause() != null
                                        && c.getCause().getCause() instanceof UnresolvedAddressException)
                        ? "its name is unknown"
                        : "connection refused";
            default -> String.valueOf(e.getMessage());
        };
        var failure = new RegistryException(
                RegistryException.Reason.UNREACHABLE, "registry " + host + " is not reachable: " + why, e);
        return e instanceof SSLException && !brokeOff(e)
                ? failure
                : new TransientException(
                        failure,
                        !(e instanceof ConnectException || e instanceof HttpConnectTimeoutException),
                        Optional.empty());
    }

    /** The JDK's client says it by this message alone when the connection ends while TLS begins. */
    private static boolean brokeOff(IOException e) {
        return e.getCause() instanceof EOFException
                || e.getCause() instanceof SocketException
                || String.valueOf(e.getMessage()).equals("Remote host terminated the handshake");
    }

    /** Makes a sentence of an answer that is no success. */
    RegistryException failed(String host, Answer answer) throws InterruptedException {
        var said = ErrorBody.read(json, text(answer));
        var words = said.map(error -> ": " + error).orElse("");
        return answer.status() == 429
                ? new RegistryException(
                        RegistryException.Reason.RATE_LIMITED,
                        "registry " + host + " wants fewer requests (429)" + words + "; try again later")
                : new RegistryException(
                        RegistryException.Reason.BROKEN, "registry " + host + " answers " + answer.status() + words);
    }

    /** For 401 and 403. */
    RegistryException denied(Endpoint endpoint, Answer answer) throws InterruptedException {
        var said = ErrorBody.read(json, text(answer));
        return new RegistryException(
                RegistryException.Reason.DENIED,
                "registry " + endpoint.host() + " denies access to " + endpoint.repository()
                        + said.map(error -> " (" + error + ")").orElse("")
                        + ": it does not exist there, or needs a login");
    }

    private String text(Answer answer) throws InterruptedException {
        try {
            return new String(answer.body().readAll(ERROR_LIMIT, settings.idle()), StandardCharsets.UTF_8);
        } catch (IOException e) {
            // What is missing is only an explanation.
            return "";
        }
    }

    @Override
    public void close() {
        connections.close();
    }
}
