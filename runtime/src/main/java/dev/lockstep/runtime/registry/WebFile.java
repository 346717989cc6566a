package dev.lockstep.runtime.registry;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
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

/**
 * What a server of the web says of a file that it gives.
 *
 * @param status of the answer; from 400 on it gave none
 * @param modified its {@code Last-Modified}, where it is a time
 */
public record WebFile(int status, Optional<Instant> modified) {
    private static final Duration CONNECT = Duration.ofSeconds(30);
    private static final Duration WHOLE = Duration.ofHours(1);

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

    private static Optional<Instant> time(String text) {
        try {
            return Optional.of(ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
