package dev.lockstep.runtime.registry;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.util.Optional;

/**
 * A response. Closing it gives up what was not read.
 *
 * @param from who gave it, after redirects
 */
record Answer(URI from, int status, HttpHeaders headers, Body body) implements AutoCloseable {
    Optional<String> header(String name) {
        return headers.firstValue(name);
    }

    boolean isSuccess() {
        return status / 100 == 2;
    }

    @Override
    public void close() {
        body.close();
    }
}
