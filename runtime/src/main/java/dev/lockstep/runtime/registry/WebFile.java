package dev.lockstep.runtime.registry;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * What a server of the web says of a file that it gives.
 *
 * @param status of the answer; from 400 on it gave none
 * @param modified its {@code Last-Modified}, where it is a time
 * @param version by which the server can be asked later whether it still gives the same
 */
public record WebFile(int status, Optional<Instant> modified, Version version) {
    /** Status of an answer without content: it is what the caller has. */
    public static final int NOT_MODIFIED = 304;

    private static final Duration CONNECT = Duration.ofSeconds(30);
    private static final Duration WHOLE = Duration.ofHours(1);
    private static final Duration SILENCE = Duration.ofMinutes(5);
    /** HTTP's own form: two digits for the day, and always GMT (RFC 9110, 5.6.7). */
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);
    /** What may be sent back; whatever else a server calls its versions is not taken (RFC 9110, 8.8.3). */
    private static final Pattern ETAG = Pattern.compile("(W/)?\"[\\x21\\x23-\\x7e]{0,1000}\"");
    /** What was changed a moment before it was given may change again within the same second (RFC 9110, 8.8.2.2). */
    private static final Duration SETTLED = Duration.ofMinutes(1);

    private static final Set<Integer> REDIRECTING = Set.of(301, 302, 303, 307, 308);

    /**
     * Which content a server gave.
     *
     * @param etag as the server wrote it
     * @param modified when it was last changed, where that says it well enough
     */
    public record Version(Optional<String> etag, Optional<Instant> modified) {
        /** Nothing is known. */
        public static final Version UNKNOWN = new Version(Optional.empty(), Optional.empty());

        static Version of(Optional<String> etag, Optional<Instant> modified, Optional<Instant> given) {
            return new Version(
                    etag.filter(tag -> ETAG.matcher(tag).matches()),
                    modified.filter(
                            time -> given.filter(now -> !time.plus(SETTLED).isAfter(now))
                                    .isPresent()));
        }

        /** Whether a server can be asked with it. */
        public boolean isKnown() {
            return etag.isPresent() || modified.isPresent();
        }

        /** Headers of a request that wants content only if it is another. */
        Map<String, String> conditions() {
            // A server that understands the first ignores the second (RFC 9110, 13.2.2).
            var headers = new LinkedHashMap<String, String>();
            etag.ifPresent(tag -> headers.put("If-None-Match", tag));
            modified.ifPresent(time -> headers.put("If-Modified-Since", TIME.format(time)));
            return headers;
        }
    }

    private static WebFile of(int status, Function<String, Optional<String>> header) {
        var modified = header.apply("Last-Modified").flatMap(WebFile::time);
        var given = header.apply("Date").flatMap(WebFile::time);
        return new WebFile(status, modified, Version.of(header.apply("ETag"), modified, given));
    }

    /** {@link #fetch(URI, Version, OutputStream)} by who has nothing yet. */
    public static WebFile fetch(URI uri, OutputStream to) throws IOException {
        return fetch(uri, Version.UNKNOWN, to);
    }

    /**
     * Downloads a file; redirects are followed, but not from https to http.
     *
     * @param uri http or https
     * @param known of the content that the caller has: the answer may be {@link #NOT_MODIFIED} then
     * @param to gets the content when there is one
     * @throws IOException also when the server falls silent
     */
    public static WebFile fetch(URI uri, Version known, OutputStream to) throws IOException {
        return fetch(uri, known, to, SILENCE);
    }

    /** @param silence how long a server may send nothing, or hardly anything */
    static WebFile fetch(URI uri, Version known, OutputStream to, Duration silence) throws IOException {
        try (var client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(CONNECT)
                .build()) {
            // The client's own limit ends with the headers: what comes after them may stop for ever.
            var request = HttpRequest.newBuilder(uri).timeout(silence);
            known.conditions().forEach(request::header);
            var answer = client.send(request.build(), _ -> new Body(silence));
            try (var body = answer.body()) {
                if (hasContent(answer.statusCode())) {
                    write(body, to);
                }
            }
            return of(answer.statusCode(), answer.headers()::firstValue);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while downloading").initCause(e);
        }
    }

    private static void write(Body body, OutputStream to) throws IOException, InterruptedException {
        for (var piece = body.next(); piece.isPresent(); piece = body.next()) {
            for (var buffer : piece.get()) {
                var bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                to.write(bytes);
            }
        }
    }

    /**
     * The same for an address that somebody else chose: only through a gate, which stays the caller's.
     *
     * @throws IOException that says so, when the gate does not let it out
     */
    public static WebFile fetch(URI uri, Version known, OutputStream to, OutsideGate gate) throws IOException {
        var fetch = new FutureTask<>(() -> through(uri, known, to, gate.proxy()));
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

    private static boolean hasContent(int status) {
        return status < 400 && status != NOT_MODIFIED;
    }

    private static WebFile through(URI uri, Version known, OutputStream to, Proxy proxy) throws IOException {
        var at = uri;
        for (var i = 0; i <= RegistryHttp.REDIRECTS; i++) {
            if (!(at.toURL().openConnection(proxy) instanceof HttpURLConnection connection)) {
                throw new IOException("neither http nor https");
            }
            connection.setInstanceFollowRedirects(false);
            connection.setConnectTimeout((int) CONNECT.toMillis());
            connection.setReadTimeout((int) SILENCE.toMillis());
            known.conditions().forEach(connection::setRequestProperty);
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
                if (hasContent(status)) {
                    connection.getInputStream().transferTo(to);
                }
                return of(status, name -> Optional.ofNullable(connection.getHeaderField(name)));
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
