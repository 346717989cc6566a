package dev.lockstep.runtime.registry;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/** Addresses that registries name: in redirects, upload locations, challenges, lists. None is trusted to be one. */
final class Addresses {
    private static final int LAST_PORT = 65_535;

    private Addresses() {}

    /** Where the registry of that name is. */
    static URI ofRegistry(String host, String text) throws RegistryException {
        try {
            var uri = URI.create(text);
            if (uri.getHost() != null && uri.getPort() <= LAST_PORT) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw new RegistryException(
                RegistryException.Reason.MISCONFIGURED,
                "registry " + host + " has no address that can be asked: a port is a number up to " + LAST_PORT);
    }

    /**
     * What a header of a registry's answer points to.
     *
     * @param plain whether plain HTTP will do
     * @param blame begins the sentence when that is no address: who said it, and where; what was said may be a secret
     */
    static URI named(URI from, Optional<String> text, boolean plain, String blame) throws RegistryException {
        if (text.filter(t -> !t.isBlank()).isEmpty()) {
            throw broken(blame + " no address");
        }
        URI uri;
        try {
            uri = from.resolve(text.get().strip());
        } catch (IllegalArgumentException e) {
            // Without the cause, which would quote it.
            throw broken(blame + " what is no address");
        }
        var scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        if (!scheme.equals("https") && !(plain && scheme.equals("http"))) {
            throw broken(blame + " what is no " + (plain ? "http or " : "") + "https address");
        }
        if (uri.getHost() == null) {
            throw broken(blame + " an address without a valid host");
        }
        if (uri.getPort() > LAST_PORT || uri.getPort() == 0) {
            throw broken(blame + " port " + uri.getPort() + ", which there is not");
        }
        return uri;
    }

    private static RegistryException broken(String message) {
        return new RegistryException(RegistryException.Reason.BROKEN, message);
    }

    /** Whether what one of them may know the other one may. */
    static boolean sameServer(URI a, URI b) {
        return a.getScheme().equalsIgnoreCase(b.getScheme())
                && a.getHost().equalsIgnoreCase(b.getHost())
                && port(a) == port(b);
    }

    private static int port(URI uri) {
        return uri.getPort() >= 0 ? uri.getPort() : uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
    }

    /** {@code HOST[:PORT]}, for sentences: no account, no path, no query. */
    static String host(URI uri) {
        return uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
    }
}
