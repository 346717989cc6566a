package dev.lockstep.runtime.registry;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.InvalidImageException;
import dev.lockstep.runtime.image.Layer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a manifest says that a layer can be had which registries do not distribute (OCI image specification,
 * {@code urls} of a descriptor). Whoever pushed the image chose these addresses, so they are asked last, are shown no
 * account and no certificate (CVE-2020-15157), and are public ones by HTTPS unless the host's owner named their host.
 * What they give is verified as from anybody.
 */
final class Strangers {
    private static final Logger LOG = LoggerFactory.getLogger(Strangers.class);
    /** More of them are more work for us than for who wrote them down. */
    private static final int LIMIT = 8;

    private final RegistryHttp http;
    private final RegistrySettings settings;

    Strangers(RegistryHttp http, RegistrySettings settings) {
        this.http = http;
        this.settings = settings;
    }

    /**
     * Gets the layer from the first of its addresses that has it.
     *
     * @param missing why it has to be got there
     * @throws RegistryException that says for each of them why not
     */
    void pull(Layer layer, BlobPull pull, RegistryException missing) throws IOException {
        var urls = layer.urls().stream().limit(LIMIT).toList();
        var failures = new ArrayList<RegistryException>();
        for (var url : urls) {
            var isLast = failures.size() == urls.size() - 1;
            try {
                var uri = parse(url);
                pull.layer(new Stranger(uri, !isLast), layer);
                LOG.atInfo()
                        .addKeyValue("layer", layer.blob())
                        .addKeyValue("from", Addresses.host(uri))
                        .log("pulled foreign layer");
                return;
            } catch (RegistryException e) {
                failures.add(e);
            } catch (InvalidImageException e) {
                failures.add(new RegistryException(
                        RegistryException.Reason.WRONG_CONTENT, String.valueOf(e.getMessage()), e));
            }
        }
        var failure = new RegistryException(
                failures.stream()
                        .map(RegistryException::reason)
                        .filter(reason -> reason != RegistryException.Reason.NOT_FOUND)
                        .findFirst()
                        .orElse(RegistryException.Reason.NOT_FOUND),
                missing.getMessage() + ", and cannot be had from where the image says that it is: "
                        + String.join(
                                "; ",
                                failures.stream()
                                        .map(RegistryException::getMessage)
                                        .toList()),
                failures.getLast());
        failure.addSuppressed(missing);
        throw failure;
    }

    /** Of what such an address may be; its query may be a signature, and is not quoted. */
    private static URI parse(String url) throws RegistryException {
        return Addresses.named(URI.create("https:///"), Optional.of(url), true, "the manifest names");
    }

    /**
     * Whether it may be asked at all.
     *
     * @throws RegistryException with a sentence
     */
    private void check(URI uri) throws IOException {
        var address = Addresses.host(uri);
        var host = RegistryHosts.host(address);
        var rules = settings.hosts().rules();
        if (uri.getScheme().equalsIgnoreCase("http")
                && !settings.hosts().rule(host).insecure().orElse(false)) {
            throw refused("http://" + address + " speaks plain text, and no image makes this host ask so;"
                    + " insecure: true for " + address + " under registries in its settings allows it");
        }
        if (rules.containsKey(host)
                || !Certificates.find(settings.hosts().certificates(), address).isEmpty()) {
            return;
        }
        for (var one : addresses(uri)) {
            if (!isPublic(one)) {
                throw refused(
                        address + " has the address " + one.getHostAddress() + ", which is no public one, and no image"
                                + " makes this host ask there; an entry for " + address
                                + " under registries in its settings allows it");
            }
        }
    }

    private static RegistryException refused(String why) {
        return new RegistryException(RegistryException.Reason.DENIED, why);
    }

    /** Those that the name has. Behind a proxy it is the proxy that looks them up, and that says who may be asked. */
    private List<InetAddress> addresses(URI uri) throws IOException {
        var literal = Direct.literal(uri.getHost());
        if (literal.isPresent()) {
            return List.of(literal.get());
        }
        if (settings.proxies().of(uri).isPresent()) {
            return List.of();
        }
        try {
            // The connection looks the name up again. Java remembers the answer for longer than that takes, and a name
            // that changes nevertheless meets a server that has no certificate for it.
            return List.of(InetAddress.getAllByName(uri.getHost()));
        } catch (UnknownHostException e) {
            throw RegistryHttp.unreachable(Addresses.host(uri), e);
        }
    }

    /** Whether the address is nobody's in particular: not this host's, its network's or its cloud's. */
    static boolean isPublic(InetAddress address) {
        if (address.isLoopbackAddress()
                || address.isAnyLocalAddress()
                || address.isLinkLocalAddress()
                || address.isSiteLocalAddress()
                || address.isMulticastAddress()) {
            return false;
        }
        var bytes = address.getAddress();
        var first = bytes[0] & 0xff;
        var second = bytes[1] & 0xff;
        if (bytes.length == 4) {
            // 0/8, 100.64/10 (RFC 6598), 192.0.0/24 (RFC 6890), 198.18/15 (RFC 2544), and from 240 on.
            return first != 0
                    && !(first == 100 && second / 64 == 1)
                    && !(first == 192 && second == 0 && bytes[2] == 0)
                    && !(first == 198 && second / 2 == 9)
                    && first < 240;
        }
        // Of IPv6 what is routed at all (RFC 4291), without what stands for an IPv4 address: 6to4, Teredo; NAT64 and
        // unique local addresses are outside anyway.
        return first / 32 == 1
                && !(first == 0x20 && second == 0x02)
                && !(first == 0x20 && second == 0x01 && bytes[2] == 0 && bytes[3] == 0);
    }

    /** One address, and where it sends us. */
    private final class Stranger implements BlobSource {
        private final URI uri;
        private final boolean hasAlternative;

        Stranger(URI uri, boolean hasAlternative) {
            this.uri = uri;
            this.hasAlternative = hasAlternative;
        }

        @Override
        public String host() {
            return Addresses.host(uri);
        }

        @Override
        public boolean hasAlternative() {
            return hasAlternative;
        }

        @Override
        public Answer ask(Digest blob, Map<String, String> headers) throws IOException, InterruptedException {
            var at = uri;
            for (var i = 0; i <= RegistryHttp.REDIRECTS; i++) {
                Strangers.this.check(at);
                var answer = http.anonymous(
                        Addresses.host(at),
                        new RegistryHttp.Exchange("GET", at).headers(headers).bulk());
                switch (answer.status()) {
                    case 301, 302, 303, 307, 308 -> {
                        try (answer) {
                            answer.body().drain();
                            at = Addresses.named(
                                    at, answer.header("Location"), true, Addresses.host(at) + " redirects to");
                        }
                    }
                    default -> {
                        return answer;
                    }
                }
            }
            throw new RegistryException(
                    RegistryException.Reason.BROKEN,
                    host() + " redirects more than " + RegistryHttp.REDIRECTS + " times");
        }

        @Override
        public void check(Answer answer, String what) throws IOException, InterruptedException {
            if (answer.isSuccess()) {
                return;
            }
            throw switch (answer.status()) {
                case 404, 410 ->
                    new RegistryException(RegistryException.Reason.NOT_FOUND, what + " not found at " + host());
                case 401, 403 ->
                    new RegistryException(
                            RegistryException.Reason.DENIED, host() + " wants to know who asks for " + what);
                default -> http.failed(host(), answer);
            };
        }
    }
}
