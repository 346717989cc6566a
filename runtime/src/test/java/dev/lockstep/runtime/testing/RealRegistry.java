package dev.lockstep.runtime.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;

/**
 * The distribution project's registry (Debian package {@code docker-registry}) on a port of the loopback, with its
 * files in a directory of the test. Images are pushed with {@code skopeo}.
 */
public final class RealRegistry implements AutoCloseable {
    private final Path directory;
    private final Process process;
    private final int port;

    private RealRegistry(Path directory, Process process, int port) {
        this.directory = directory;
        this.process = process;
        this.port = port;
    }

    /** Starts it and waits until it answers. */
    public static RealRegistry start(Path directory) throws IOException {
        Files.createDirectories(directory);
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            port = socket.getLocalPort();
        }
        var config = Files.writeString(directory.resolve("config.yml"), """
                version: 0.1
                log: {level: error, accesslog: {disabled: true}}
                storage:
                  filesystem: {rootdirectory: '%s'}
                http: {addr: '127.0.0.1:%d'}
                """.formatted(directory.resolve("data"), port));
        var process = new ProcessBuilder("docker-registry", "serve", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        var registry = new RealRegistry(directory, process, port);
        try (var client = HttpClient.newHttpClient()) {
            var ping = HttpRequest.newBuilder(URI.create("http://" + registry.host() + "/v2/"))
                    .build();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(20))
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> client.send(ping, HttpResponse.BodyHandlers.discarding())
                                    .statusCode()
                            == 200);
        } catch (RuntimeException e) {
            registry.close();
            throw e;
        }
        return registry;
    }

    /** {@code 127.0.0.1:PORT}. */
    public String host() {
        return "127.0.0.1:" + port;
    }

    /** Pushes an image as {@code repository:tag}; returns its reference. */
    public String push(TestImage image, String repositoryAndTag) throws IOException, InterruptedException {
        var reference = host() + "/" + repositoryAndTag;
        var archive = Files.createTempFile(directory, "push", ".tar");
        image.ociArchive(archive);
        var process = new ProcessBuilder(
                        "skopeo",
                        "copy",
                        "--quiet",
                        "--preserve-digests",
                        "--dest-tls-verify=false",
                        "oci-archive:" + archive,
                        "docker://" + reference)
                .redirectErrorStream(true)
                .start();
        var said = new String(process.getInputStream().readAllBytes(), UTF_8);
        Files.delete(archive);
        if (process.waitFor() != 0) {
            throw new IOException("skopeo: " + said);
        }
        return reference;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
