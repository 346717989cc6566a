package dev.lockstep.runtime.registry;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * HTTP clients: one for all hosts, and one for each host whose owner trusts other certificates there, shows one of his
 * own, or calls it insecure. Files are looked at again each time, so that a renewed certificate is used at once.
 */
final class Connections implements AutoCloseable {
    /** Longest wait for a sign that a host speaks TLS: one that does not may wait for more. */
    private static final Duration PROBE = Duration.ofSeconds(5);

    private record Special(Certificates certificates, HttpClient client) {}

    private final RegistrySettings settings;
    private final RegistryHosts hosts;
    private final HttpClient ordinary;
    private final Map<String, Special> special = new HashMap<>();
    private final Map<String, URI> probed = new HashMap<>();

    Connections(RegistrySettings settings) {
        this.settings = settings;
        this.hosts = settings.hosts();
        this.ordinary = builder().build();
    }

    private HttpClient.Builder builder() {
        return HttpClient.newBuilder()
                // One connection per download: they do not share a window, and no server needs the upgrade dance.
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(settings.connect());
    }

    /** The endpoints that may have what is pulled: mirrors in their order, then the registry itself. */
    List<Endpoint> mirrors(String host, String repository) throws IOException, InterruptedException {
        var mirrors = new ArrayList<Endpoint>();
        for (var mirror : hosts.rule(host).mirrors()) {
            var path = mirror.path().isEmpty() ? repository : mirror.path() + "/" + repository;
            mirrors.add(Endpoint.repository(mirror.host(), base(mirror.host()), path, List.of("pull")));
        }
        return mirrors;
    }

    /** {@code https://ADDRESS}, or {@code http://ADDRESS} where that is allowed and the host speaks no TLS. */
    URI base(String host) throws IOException, InterruptedException {
        var address = RegistryHosts.address(host);
        var insecure = hosts.rule(host).insecure();
        if (insecure.isPresent() && insecure.get()) {
            return probe(address);
        }
        var plain = insecure.isEmpty()
                && RegistryHosts.LOOPBACK.matcher(host).matches()
                && Certificates.find(hosts.certificates(), address).isEmpty();
        return URI.create((plain ? "http://" : "https://") + address);
    }

    /** Asked once: a registry that speaks TLS today will tomorrow. */
    private synchronized URI probe(String address) throws IOException, InterruptedException {
        var known = probed.get(address);
        if (known != null) {
            return known;
        }
        var https = URI.create("https://" + address);
        var http = URI.create("http://" + address);
        var request =
                HttpRequest.newBuilder(https.resolve("/v2/")).timeout(PROBE).build();
        try {
            client(https).send(request, HttpResponse.BodyHandlers.discarding());
            probed.put(address, https);
            return https;
        } catch (SSLException e) {
            probed.put(address, http);
            return http;
        } catch (IOException e) {
            // Nobody there now, or a silent one: not the time to learn anything.
            return http;
        }
    }

    /** The client for that address. */
    synchronized HttpClient client(URI uri) throws IOException {
        var address = uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
        var host = RegistryHosts.host(address);
        var insecure = hosts.rule(host).insecure().orElse(false);
        var certificates = uri.getScheme().equals("http") || insecure
                ? new Certificates(List.of())
                : Certificates.find(hosts.certificates(), address);
        if (certificates.isEmpty() && !insecure) {
            return ordinary;
        }
        var known = Optional.ofNullable(special.get(address)).filter(s -> s.certificates.equals(certificates));
        if (known.isPresent()) {
            return known.get().client();
        }
        var context = insecure ? AnyCertificate.context() : certificates.context();
        var client = builder().sslContext(context).build();
        // An earlier one may still be downloading: it ends with its last answer.
        special.put(address, new Special(certificates, client));
        return client;
    }

    @Override
    public synchronized void close() {
        ordinary.shutdownNow();
        special.values().forEach(s -> s.client().shutdownNow());
    }
}
