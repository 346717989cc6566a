package dev.lockstep.runtime.registry;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which proxy a request goes by, as Docker decides it (Go, {@code golang.org/x/net/http/httpproxy}): by the scheme of
 * what is asked for, unless its host is excepted. This machine's loopback is always asked directly.
 *
 * @param https for what is asked for by https
 * @param http for what is asked for in plain text
 * @param direct hosts that are asked directly
 */
public record Proxies(Optional<Proxy> https, Optional<Proxy> http, List<Direct> direct) {
    /** Everybody is asked directly. */
    public static final Proxies NONE = new Proxies(Optional.empty(), Optional.empty(), List.of());

    public Proxies {
        direct = List.copyOf(direct);
    }

    /**
     * A proxy that speaks HTTP.
     *
     * @param host without brackets
     */
    public record Proxy(String host, int port, Optional<Credential.Account> account) {
        private static final Pattern SCHEME = Pattern.compile("(?<name>[A-Za-z][A-Za-z0-9+.-]*)://.*");
        private static final int DEFAULT_PORT = 80;

        /**
         * Reads {@code [http://][USER[:PASSWORD]@]HOST[:PORT]}.
         *
         * @throws IllegalArgumentException with a sentence that does not quote the text: it may hold a password
         */
        public static Proxy parse(String text) {
            var scheme = SCHEME.matcher(text);
            if (scheme.matches()
                    && !scheme.group("name").toLowerCase(Locale.ROOT).equals("http")) {
                throw new IllegalArgumentException("must be http://HOST[:PORT]: a proxy that is itself reached by "
                        + scheme.group("name") + " is none that registries are reached by");
            }
            try {
                var uri = new URI(scheme.matches() ? text : "http://" + text);
                var path = Optional.ofNullable(uri.getRawPath()).orElse("");
                if (uri.getHost() != null
                        && uri.getPort() <= 65_535
                        && uri.getPort() != 0
                        && (path.isEmpty() || path.equals("/"))
                        && uri.getRawQuery() == null) {
                    return new Proxy(
                            uri.getHost().replaceAll("[\\[\\]]", ""),
                            uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort(),
                            Optional.ofNullable(uri.getRawUserInfo()).map(Proxy::account));
                }
            } catch (URISyntaxException e) {
                // Said below, without the text.
            }
            throw new IllegalArgumentException(
                    "must be http://[USER:PASSWORD@]HOST[:PORT], the password" + " percent-encoded");
        }

        private static Credential.Account account(String userInfo) {
            var colon = userInfo.indexOf(':');
            return new Credential.Account(
                    decoded(colon < 0 ? userInfo : userInfo.substring(0, colon)),
                    colon < 0 ? "" : decoded(userInfo.substring(colon + 1)));
        }

        /** A plus sign is itself here. */
        private static String decoded(String text) {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        }

        /** {@code HOST:PORT}, which is all that anybody is told of it. */
        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /**
     * Reads {@code HTTPS_PROXY}, {@code HTTP_PROXY} and {@code NO_PROXY}; where one is not set, the same in lower case.
     *
     * @throws IllegalArgumentException with a sentence that names the variable and no password
     */
    public static Proxies of(Map<String, String> environment) {
        var direct = new ArrayList<Direct>();
        var list = variable(environment, "NO_PROXY").orElse("");
        for (var entry : list.split("[,\\s]+", -1)) {
            if (!entry.isEmpty()) {
                try {
                    direct.add(Direct.parse(entry));
                } catch (IllegalArgumentException e) {
                    // Others read this variable too; what they do not understand covers nothing there either.
                }
            }
        }
        return new Proxies(proxy(environment, "HTTPS_PROXY"), proxy(environment, "HTTP_PROXY"), direct);
    }

    /**
     * Those that somebody wrote down.
     *
     * @param https {@code [http://][USER[:PASSWORD]@]HOST[:PORT]}
     * @param http the same
     * @param direct as {@link Direct#parse} reads them
     * @throws IllegalArgumentException with a sentence that quotes no password
     */
    public static Proxies of(Optional<String> https, Optional<String> http, List<String> direct) {
        return new Proxies(
                https.map(text -> named("proxy.https", text)),
                http.map(text -> named("proxy.http", text)),
                direct.stream().map(Direct::parse).toList());
    }

    private static Proxy named(String name, String text) {
        try {
            return Proxy.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + " " + e.getMessage(), e);
        }
    }

    private static Optional<String> variable(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name))
                .filter(value -> !value.isBlank())
                .or(() -> Optional.ofNullable(environment.get(name.toLowerCase(Locale.ROOT))))
                .map(String::strip)
                .filter(value -> !value.isEmpty());
    }

    private static Optional<Proxy> proxy(Map<String, String> environment, String name) {
        return variable(environment, name).map(text -> named("the environment variable " + name, text));
    }

    /** Whether nobody is asked by a proxy. */
    public boolean isEmpty() {
        return https.isEmpty() && http.isEmpty();
    }

    /** The proxy by which that address is asked; empty when it is asked directly. */
    public Optional<Proxy> of(URI uri) {
        var isHttps = "https".equals(uri.getScheme());
        var proxy = isHttps ? https : http;
        var host = Optional.ofNullable(uri.getHost())
                .map(h -> h.toLowerCase(Locale.ROOT)
                        .replaceFirst("^\\[(.*)]$", "$1")
                        .replaceFirst("\\.$", ""))
                .orElse("");
        var port = uri.getPort() >= 0 ? uri.getPort() : isHttps ? 443 : 80;
        return proxy.filter(p -> !isLoopback(host) && direct.stream().noneMatch(one -> one.covers(host, port)));
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost")
                || Direct.literal(host).map(InetAddress::isLoopbackAddress).orElse(false);
    }
}
