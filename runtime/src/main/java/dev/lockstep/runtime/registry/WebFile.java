package dev.lockstep.runtime.registry;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What a server of the web says of a file that it gives.
 *
 * @param status of the answer; from 400 on it gave none
 * @param modified its {@code Last-Modified}, where it is a time
 */
public record WebFile(int status, Optional<Instant> modified) {
    private static final Duration CONNECT = Duration.ofSeconds(30);
    private static final Duration WHOLE = Duration.ofHours(1);
    private static final Duration SILENCE = Duration.ofMinutes(5);
    private static final Set<Integer> REDIRECTING = Set.of(301, 302, 303, 307, 308);

    /**
     * Downloads a file; redirects are followed, but not from https to http.
     *
     * @param uri http or https
     * @param to gets the content when there is one
     */
    public static WebFile fetch(URI uri, OutputStream to) throws IOException {
        try (var client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(CONNECT)
                .build()) {
            var answer = client.send(
                    HttpRequest.newBuilder(uri).timeout(WHOLE).build(), HttpResponse.BodyHandlers.ofInputStream());
            try (var body = answer.body()) {
                if (answer.statusCode() < 400) {
                    body.transferTo(to);
                }
            }
            return new WebFile(
                    answer.statusCode(),
                    answer.headers().firstValue("Last-Modified").flatMap(WebFile::time));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while downloading").initCause(e);
        }
    }

    /**
     * The same for an address that somebody else chose: only through a gate, which stays the caller's.
     *
     * @throws IOException that says so, when the gate does not let it out
     */
    public static WebFile fetch(URI uri, OutputStream to, OutsideGate gate) throws IOException {
        var fetch = new FutureTask<>(() -> through(uri, to, gate.proxy()));
        // Reading from a socket hears no interruption: who waits does, and the socket is closed.
        var thread = Thread.ofPlatform().daemon().name("web-file").start(fetch);
        try {
            return fetch.get(WHOLE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            end(gate, thread);
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while downloading").initCause(e);
        } catch (TimeoutException e) {
            end(gate, thread);
            throw new IOException("not there after " + WHOLE.toMinutes() + " minutes", e);
        } catch (ExecutionException e) {
            var refusal = gate.refusal();
            if (refusal.isPresent()) {
                throw new IOException(refusal.get(), e);
            }
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        }
    }

    /** Nothing is written any more when this returns. */
    private static void end(OutsideGate gate, Thread thread) throws IOException {
        gate.close();
        var interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static WebFile through(URI uri, OutputStream to, Proxy proxy) throws IOException {
        var at = uri;
        for (var i = 0; i <= RegistryHttp.REDIRECTS; i++) {
            if (!(at.toURL().openConnection(proxy) instanceof HttpURLConnection connection)) {
                throw new IOException("neither http nor https");
            }
            connection.setInstanceFollowRedirects(false);
            connection.setConnectTimeout((int) CONNECT.toMillis());
            connection.setReadTimeout((int) SILENCE.toMillis());
            try {
                var status = connection.getResponseCode();
                var location = Optional.ofNullable(connection.getHeaderField("Location"));
                if (REDIRECTING.contains(status) && location.isPresent()) {
                    var next = at.resolve(location.get());
                    if (at.getScheme().equalsIgnoreCase("https") && !"https".equalsIgnoreCase(next.getScheme())) {
                        throw new IOException("redirected from https to plain text");
                    }
                    at = next;
                    continue;
                }
                if (status < 0) {
                    throw new IOException("no answer of HTTP");
                }
                if (status < 400) {
                    connection.getInputStream().transferTo(to);
                }
                return new WebFile(
                        status,
                        Optional.ofNullable(connection.getHeaderField("Last-Modified"))
                                .flatMap(WebFile::time));
            } finally {
                connection.disconnect();
            }
        }
        throw new IOException("redirected more than " + RegistryHttp.REDIRECTS + " times");
    }

    private static Optional<Instant> time(String text) {
        try {
            return Optional.of(ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
