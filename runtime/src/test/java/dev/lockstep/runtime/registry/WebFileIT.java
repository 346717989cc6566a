package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class WebFileIT {
    private static final byte[] BEGINNING = "beginning".getBytes(StandardCharsets.UTF_8);

    @Test
    @Timeout(60)
    void a_server_that_falls_silent_in_the_middle_is_not_waited_for() throws Exception {
        var over = new CountDownLatch(1);
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try (var threads = Executors.newCachedThreadPool()) {
            server.setExecutor(threads);
            server.createContext("/whole", exchange -> {
                try (exchange) {
                    exchange.sendResponseHeaders(200, BEGINNING.length);
                    exchange.getResponseBody().write(BEGINNING);
                }
            });
            server.createContext("/mute", exchange -> {
                try (exchange) {
                    var _ = over.await(30, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            server.createContext("/silent", exchange -> {
                exchange.sendResponseHeaders(200, 2L * BEGINNING.length);
                exchange.getResponseBody().write(BEGINNING);
                exchange.getResponseBody().flush();
                try (exchange) {
                    var _ = over.await(30, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            server.start();
            try {
                var at = "http://127.0.0.1:" + server.getAddress().getPort();
                var whole = new ByteArrayOutputStream();
                assertThat(WebFile.fetch(URI.create(at + "/whole"), whole).status())
                        .isEqualTo(200);
                assertThat(whole.toByteArray()).isEqualTo(BEGINNING);
                var part = new ByteArrayOutputStream();
                assertThatThrownBy(() -> WebFile.fetch(
                                URI.create(at + "/silent"), WebFile.Version.UNKNOWN, part, Duration.ofSeconds(1)))
                        .isInstanceOf(HttpTimeoutException.class);
                assertThat(part.toByteArray()).isEqualTo(BEGINNING);
                assertThatThrownBy(() -> WebFile.fetch(
                                URI.create(at + "/mute"), WebFile.Version.UNKNOWN, part, Duration.ofSeconds(1)))
                        .as("silent from the beginning")
                        .isInstanceOf(HttpTimeoutException.class);
            } finally {
                over.countDown();
                server.stop(0);
            }
        }
    }
}
